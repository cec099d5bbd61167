import net from 'node:net';

/** From the client to the server, or back. */
type Direction = 'up' | 'down';

/** Reads the bytes of one connection before they pass; made for each connection. */
export interface Tap {
  /** @returns how many bytes of the chunk may pass; where they are not all, nothing passes after them, in either direction */
  take(direction: Direction, chunk: Buffer): number;
}

export type Fault =
  | { kind: 'pass' }
  /** Nobody listens: ECONNREFUSED. */
  | { kind: 'refuse' }
  /** Every connection, old and new, ends with RST. */
  | { kind: 'reset' }
  /** After so many bytes nothing passes any more, in either direction, and the connections stay open until the next fault. */
  | { kind: 'hang'; direction?: Direction; afterBytes?: number }
  /** After so many bytes the connections end with RST. */
  | { kind: 'cut'; direction?: Direction; afterBytes?: number }
  /**
   * Each connection ends with RST after a number of bytes of its own, in either direction together; and as often as `losesAnswers` says (0–1)
   * when the server answers: its work is done, and nobody hears of it.
   */
  | { kind: 'lossy'; meanBytes: number; losesAnswers: number }
  | { kind: 'slow'; bytesPerSecond: number };

/** The two halves of one connection through the proxy. */
interface Line {
  readonly ends: readonly net.Socket[];
  /** Until the `lossy` line breaks; drawn with its first byte. */
  leftBytes?: number;
  readonly tap?: Tap | undefined;
  /** By its tap. Its ends are closed as ever: who was killed lets go of the other side. */
  isStopped?: boolean;
}

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** `http://host:port` */
  readonly url: string;
  /** How many connections were accepted since the start. */
  readonly accepted: number;
  /** How many of them a `lossy` line has broken. */
  readonly cuts: number;
  /** Holds for connections that are open already, too. Bytes are counted from now on. */
  set(fault: Fault): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A proxy that can behave like a network or a server in trouble.
 * @param openTap for each connection
 */
export async function startTcpProxy(
  target: string | { host: string; port: number },
  openTap?: () => Tap,
): Promise<TcpProxy> {
  const proxy = new FaultyProxy(typeof target === 'string' ? addressOf(new URL(target)) : target, openTap);
  await proxy.listen();
  return proxy;
}

function addressOf(url: URL): { host: string; port: number } {
  return { host: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
}

class FaultyProxy implements TcpProxy {
  readonly host = '127.0.0.1';
  port = 0;
  accepted = 0;
  cuts = 0;
  private fault: Fault = { kind: 'pass' };
  private readonly passed: Record<Direction, number> = { up: 0, down: 0 };
  private readonly open = new Set<net.Socket>();
  /** Connections on which bytes were swallowed: nothing that happens on one side is shown to the other. */
  private readonly silenced = new Set<net.Socket>();
  private server: net.Server | null = null;

  constructor(
    private readonly target: { host: string; port: number },
    private readonly openTap?: () => Tap,
  ) {}

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  async set(fault: Fault): Promise<void> {
    this.fault = fault;
    this.passed.up = 0;
    this.passed.down = 0;
    for (const socket of this.silenced) socket.destroy();
    this.silenced.clear();
    if (fault.kind === 'refuse') await this.stop();
    else await this.listen();
    if (fault.kind === 'reset') this.resetAll();
  }

  async listen(): Promise<void> {
    if (this.server) return;
    const server = net.createServer((client) => this.accept(client));
    const listening = Promise.withResolvers<void>();
    server.once('error', listening.reject);
    server.listen(this.port, this.host, listening.resolve);
    await listening.promise;
    this.server = server;
    this.port = (server.address() as net.AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = null;
    for (const socket of [...this.open, ...this.silenced]) socket.destroy();
    if (server) await new Promise((done) => server.close(done));
  }

  private accept(client: net.Socket): void {
    this.accepted += 1;
    if (this.fault.kind === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(this.target.port, this.target.host);
    const line: Line = { ends: [client, server], tap: this.openTap?.() };
    this.join(line, 'up', client, server);
    this.join(line, 'down', server, client);
  }

  private join(line: Line, direction: Direction, from: net.Socket, to: net.Socket): void {
    this.open.add(from);
    // one after the other, and the end behind the last byte, however slowly they pass
    let passing = Promise.resolve();
    const inTurn = (step: () => unknown) => {
      passing = passing.then(async () => void (await step()));
    };
    from.on('data', (bytes) => {
      from.pause();
      inTurn(() => this.pass(line, direction, Buffer.from(bytes), from, to).then(() => from.resume()));
    });
    from.on('end', () => inTurn(() => this.silenced.has(to) || to.end()));
    // `close` follows
    from.on('error', () => undefined);
    from.on('close', () => {
      this.open.delete(from);
      inTurn(() => this.silenced.has(to) || to.destroy());
    });
  }

  private async pass(line: Line, direction: Direction, chunk: Buffer, from: net.Socket, to: net.Socket): Promise<void> {
    const { fault } = this;
    if (line.isStopped) return;
    const allowed = line.tap?.take(direction, chunk) ?? chunk.length;
    if (allowed < chunk.length) {
      line.isStopped = true;
      return write(to, chunk.subarray(0, allowed));
    }
    if (fault.kind === 'lossy' && this.breaks(line, direction, chunk.length, fault)) return;
    this.passed[direction] += chunk.length;
    if (fault.kind === 'hang' || fault.kind === 'cut') {
      const watched = fault.direction ?? 'up';
      const over = this.passed[watched] - (fault.afterBytes ?? 0);
      if (over > 0) {
        this.silenced.add(from).add(to);
        return this.stopWithin(chunk, direction === watched ? chunk.length - over : 0, to);
      }
    }
    if (fault.kind === 'slow') await Bun.sleep((chunk.length / fault.bytesPerSecond) * 1000);
    await write(to, chunk);
  }

  private async stopWithin(chunk: Buffer, passing: number, to: net.Socket): Promise<void> {
    if (this.fault.kind === 'cut') return this.resetAll();
    if (passing > 0) await write(to, chunk.subarray(0, passing));
  }

  private breaks(line: Line, direction: Direction, bytes: number, fault: Fault & { kind: 'lossy' }): boolean {
    line.leftBytes = (line.leftBytes ?? -Math.log(1 - Math.random()) * fault.meanBytes) - bytes;
    const losesAnswer = direction === 'down' && Math.random() < fault.losesAnswers;
    if (line.leftBytes >= 0 && !losesAnswer) return false;
    this.cuts += 1;
    for (const socket of line.ends) socket.resetAndDestroy();
    return true;
  }

  private resetAll(): void {
    for (const socket of this.open) socket.resetAndDestroy();
  }
}

/** Waits until the bytes are taken, and no longer than the connection lives. */
async function write(to: net.Socket, chunk: Buffer): Promise<void> {
  if (to.destroyed) return;
  const written = Promise.withResolvers<void>();
  to.once('close', written.resolve);
  to.write(chunk, () => written.resolve());
  await written.promise;
  to.off('close', written.resolve);
}
