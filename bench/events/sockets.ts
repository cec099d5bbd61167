/** One message as a follower got it. */
export interface Received {
  /** What the event says of itself: `message` is the number under which it was committed. */
  readonly commit: number;
  /** By `performance.now()` of this process, which commits too. */
  readonly at: number;
}

export interface Following {
  readonly url: string;
  readonly token: string;
}

/** Sockets that follow all products of their sellers, and what came to any of them. */
export class Followers {
  readonly received: Received[] = [];
  readonly #sockets: WebSocket[] = [];

  static async open(followings: readonly Following[]): Promise<Followers> {
    const followers = new Followers();
    const AT_ONCE = 25;
    for (let from = 0; from < followings.length; from += AT_ONCE) {
      await Promise.all(followings.slice(from, from + AT_ONCE).map((following) => followers.#openOne(following)));
    }
    return followers;
  }

  async close(): Promise<void> {
    const closed = this.#sockets.map((socket) => {
      const ended = Promise.withResolvers<void>();
      socket.onclose = () => ended.resolve();
      socket.close();
      return ended.promise;
    });
    await Promise.all(closed);
  }

  async #openOne({ url, token }: Following): Promise<void> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/products`, ['bearer', token]);
    socket.onmessage = ({ data }) => {
      const at = performance.now();
      this.received.push({ commit: Number(JSON.parse(String(data)).data.message), at });
    };
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error('a socket was refused'));
    await opened.promise;
    this.#sockets.push(socket);
  }
}
