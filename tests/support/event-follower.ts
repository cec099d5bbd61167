import type { WireMessage } from './socket';

export interface EventFollower {
  /** All numbered events so far, in the order in which they came. */
  readonly events: readonly WireMessage[];
  /** How often a socket ended and another one was opened behind the last event. */
  readonly reconnections: number;
  stop(): void;
}

const AGAIN_AFTER_MS = 100;

/**
 * Follows all products of a seller from the first event on, as an app does behind a load balancer: when a socket ends, by whatever
 * cause, it goes on at the next server behind the last event it got.
 */
export function followEvents(servers: readonly { readonly url: string }[], token: string): EventFollower {
  const events: WireMessage[] = [];
  const state = { reconnections: 0, isOver: false };
  let socket: WebSocket;

  function connect(attempt: number): void {
    const { url } = servers[attempt % servers.length]!;
    const address = `${url.replace(/^http/, 'ws')}/ws/products?last_event_id=${events.at(-1)?.id ?? 0}`;
    socket = new WebSocket(address, ['bearer', token]);
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(String(data)) as WireMessage;
      if (event.id !== undefined) events.push(event);
    };
    // an end without a close handshake is told as an error first, and then as a close
    socket.onerror = () => undefined;
    socket.onclose = () => {
      if (state.isOver) return;
      state.reconnections += 1;
      setTimeout(connect, AGAIN_AFTER_MS, attempt + 1);
    };
  }
  connect(0);

  return {
    events,
    get reconnections() {
      return state.reconnections;
    },
    stop() {
      state.isOver = true;
      socket.close();
    },
  };
}
