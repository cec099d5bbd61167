import type { Tap } from './tcp-proxy';

/** A moment in the life of a server, told from outside: by what it says to its database, to its store, or by what lies in its folders. */
export type CrashPoint =
  /** The statements of one transaction in this order, others may be between; `answered`: the server has not heard of it yet. */
  | {
      readonly on: 'database';
      readonly statements: readonly RegExp[];
      readonly when: 'before' | 'answered';
      /** Only a server that prepares photos comes there. */
      readonly isPreparing?: true;
    }
  /** @param request `METHOD /path`, then the headers, each on a line of its own */
  | { readonly on: 'store'; readonly request: RegExp; readonly when: 'half a body' | 'answered' }
  /** @param isReached asked again and again with the paths of all files, as they were at first and as they are */
  | {
      readonly on: 'folder';
      readonly isReached: (before: ReadonlySet<string>, now: ReadonlySet<string>) => boolean;
    };

/** Calls `spring` once when the point it is set for is reached; what is on its way then is not passed on. */
export class Trap {
  private point: CrashPoint | null = null;
  private passing = 0;
  private spring: () => void = () => undefined;

  /** @param passing how often the point is passed before */
  set(point: CrashPoint, passing: number, spring: () => void): void {
    this.point = point;
    this.passing = passing;
    this.spring = spring;
  }

  clear(): void {
    this.point = null;
  }

  get armed(): CrashPoint | null {
    return this.point;
  }

  /** @returns whether this is the time */
  reached(): boolean {
    if (this.point === null) return false;
    if (this.passing > 0) {
      this.passing -= 1;
      return false;
    }
    this.point = null;
    this.spring();
    return true;
  }
}

/**
 * Reads PostgreSQL's protocol.
 * @see PostgreSQL documentation, "Message Formats": a startup message without a type, then type, length, body
 */
export function postgresTap(trap: Trap): Tap {
  let up = Buffer.alloc(0);
  let down = Buffer.alloc(0);
  let isStarted = false;
  let next = 0;
  let awaitsAnswer = false;
  const prepared = new Map<string, string>();

  /** @returns whether the trap has sprung */
  function statement(text: string): boolean {
    const point = trap.armed;
    if (point?.on !== 'database') return false;
    if (/^(begin|rollback)/i.test(text)) next = 0;
    if (!point.statements[next]?.test(text)) return false;
    next += 1;
    if (next < point.statements.length) return false;
    next = 0;
    if (point.when === 'before') return trap.reached();
    awaitsAnswer = true;
    return false;
  }

  function takeUp(chunk: Buffer): number {
    up = Buffer.concat([up, chunk]);
    for (;;) {
      const typeBytes = isStarted ? 1 : 0;
      if (up.length < typeBytes + 4) return chunk.length;
      const end = typeBytes + up.readInt32BE(typeBytes);
      if (up.length < end) return chunk.length;
      const rest = up.subarray(end);
      const text = isStarted ? statementIn(up.subarray(0, end), prepared) : null;
      // what came with an earlier chunk is half a message, which does nothing
      if (text !== null && statement(text)) return Math.max(0, chunk.length - up.length);
      isStarted = true;
      up = rest;
    }
  }

  function takeDown(chunk: Buffer): number {
    down = Buffer.concat([down, chunk]);
    while (down.length >= 5) {
      const end = 1 + down.readInt32BE(1);
      if (down.length < end) break;
      const isReady = down[0] === 0x5a; // Z, ReadyForQuery
      down = down.subarray(end);
      if (!isReady || !awaitsAnswer) continue;
      awaitsAnswer = false;
      if (trap.reached()) return 0;
    }
    return chunk.length;
  }

  return { take: (direction, chunk) => (direction === 'up' ? takeUp(chunk) : takeDown(chunk)) };
}

/**
 * The statement that is about to run: that of a Query, or the one that a Bind names, which an earlier Parse has told. In one form
 * whoever wrote it: without quotes and without space before it.
 */
function statementIn(message: Buffer, prepared: Map<string, string>): string | null {
  const type = String.fromCharCode(message[0] ?? 0);
  const stringAt = (start: number) => message.toString('utf8', start, message.indexOf(0, start));
  if (type === 'Q') return uniform(stringAt(5));
  const name = stringAt(5);
  if (type === 'P') prepared.set(name, uniform(stringAt(5 + Buffer.byteLength(name) + 1)));
  // Bind: the portal's name, then the statement's
  if (type !== 'B') return null;
  return prepared.get(stringAt(5 + Buffer.byteLength(name) + 1)) ?? null;
}

const uniform = (sql: string) => sql.trimStart().replaceAll('"', '').toLowerCase();

/** Reads HTTP/1.1 without pipelining, with bodies whose length is announced: what a client of an object store speaks. */
export function httpTap(trap: Trap): Tap {
  let head = Buffer.alloc(0);
  let bodyLeft = 0;
  let stopAt: number | null = null;
  let awaitsAnswer = false;

  function takeUp(chunk: Buffer): number {
    let place = 0;
    while (place < chunk.length) {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, chunk.length - place);
        bodyLeft -= taken;
        place += taken;
        if (stopAt !== null && bodyLeft <= stopAt) {
          const beyond = stopAt - bodyLeft;
          stopAt = null;
          // a body that is whole would be stored: at least its last byte stays here
          if (trap.reached()) return Math.max(0, Math.min(place - beyond, chunk.length - 1));
        }
        continue;
      }
      const known = head.length;
      head = Buffer.concat([head, chunk.subarray(place)]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return chunk.length;
      request(head.toString('latin1', 0, end));
      place += end + 4 - known;
      head = Buffer.alloc(0);
    }
    return chunk.length;
  }

  function request(text: string): void {
    bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    const point = trap.armed;
    stopAt = null;
    awaitsAnswer = false;
    if (point?.on !== 'store' || !point.request.test(text)) return;
    if (point.when === 'half a body') stopAt = Math.floor(bodyLeft / 2);
    else awaitsAnswer = true;
  }

  return {
    take(direction, chunk) {
      if (direction === 'up') return takeUp(chunk);
      if (!awaitsAnswer || bodyLeft > 0) return chunk.length;
      awaitsAnswer = false;
      return trap.reached() ? 0 : chunk.length;
    },
  };
}
