/** Looks for something in bytes that come in pieces; keeps its own state from one call to the next. */
export type Scan = (bytes: Buffer, from: number) => { readonly next: number; readonly found: number | null };

/** What a format's walk wants of the file next. */
export type Need =
  | { readonly kind: 'take'; readonly bytes: number }
  | { readonly kind: 'pass'; readonly bytes: number; readonly see: ((bytes: Buffer) => void) | undefined }
  | { readonly kind: 'scan'; readonly scan: Scan };

/** A format written down in the order of its bytes: it yields what it needs and is resumed when that has come. */
export type Steps<Result> = Generator<Need, Result, Buffer>;

const NOTHING: Buffer = Buffer.alloc(0);

/** The next few bytes. A view, good until the next step. */
export function* take(bytes: number): Steps<Buffer> {
  return yield { kind: 'take', bytes };
}

/** Lets bytes go by, however many, without keeping any. */
export function* pass(bytes: number, see?: (bytes: Buffer) => void): Steps<void> {
  if (bytes > 0) yield { kind: 'pass', bytes, see };
}

/** Lets bytes go by until the scan has found its byte. */
export function* scanFor(scan: Scan): Steps<number> {
  return (yield { kind: 'scan', scan }).readUInt8();
}

/** Runs the steps of a format over a file that comes in chunks of any size. */
export class StructureWalk<Result> {
  #need: Need | null = null;
  /** Bytes of the present need that are done with. */
  #had = 0;
  #collected = NOTHING;
  #result: Result | null = null;

  constructor(private readonly steps: Steps<Result>) {
    this.#resume(NOTHING);
  }

  /** null until the structure has come to its end. */
  get result(): Result | null {
    return this.#result;
  }

  /** What comes after the end of the structure is nobody's business. @throws whatever the steps throw */
  push(chunk: Buffer): void {
    let at = 0;
    while (this.#need !== null && at < chunk.length) at = this.#feed(this.#need, chunk, at);
  }

  #feed(need: Need, chunk: Buffer, at: number): number {
    if (need.kind === 'scan') return this.#scan(need.scan, chunk, at);
    const end = Math.min(chunk.length, at + need.bytes - this.#had);
    const piece = chunk.subarray(at, end);
    this.#had += piece.length;
    if (need.kind === 'pass') need.see?.(piece);
    else this.#collected = this.#collected.length === 0 ? piece : Buffer.concat([this.#collected, piece]);
    if (this.#had === need.bytes) this.#resume(this.#collected);
    // The chunk is not ours to keep beyond this call.
    else if (need.kind === 'take') this.#collected = Buffer.from(this.#collected);
    return end;
  }

  #scan(scan: Scan, chunk: Buffer, at: number): number {
    const { next, found } = scan(chunk, at);
    if (found !== null) this.#resume(Buffer.of(found));
    return next;
  }

  #resume(reply: Buffer): void {
    this.#had = 0;
    this.#collected = NOTHING;
    const step = this.steps.next(reply);
    this.#need = step.done ? null : step.value;
    if (step.done) this.#result = step.value;
  }
}
