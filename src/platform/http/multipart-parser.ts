import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { AppError } from '../../kernel/app-error';
import type { MultipartLimits } from './multipart-port';

/** A file whose bytes arrive while it is read. */
export interface ParsedFile {
  readonly field: string;
  readonly fileName: string;
  /** Parsed and not yet taken: at most what one or two network chunks hold. */
  readonly chunks: Uint8Array[];
  ended: boolean;
  /** Nobody wants the rest. */
  skipped: boolean;
}

export type ParsedPart = { name: string; value: string } | ParsedFile;

/** Busboy would take a file part that lacks its filename for a text field; these are told apart for it. */
export type IsFileField = (name: string) => boolean;

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS_OF_A_PART = 32;
// Above any network chunk, so that busboy never pauses by itself: the reader's pull is the backpressure.
const PART_BUFFER_BYTES = 8 * 1024 * 1024;
const OPAQUE_TYPE = /^(?:image\/.*|application\/octet-stream)$/;

/**
 * Busboy turned from events into a queue: feed it with `write`, then take what `parts` holds.
 * Its file streams are always flowing and never destroyed, because destroying one leaves its readers hanging.
 */
export class MultipartParser {
  readonly parts: ParsedPart[] = [];
  /** The body has ended and every part of it is in `parts` or was taken. */
  finished = false;
  #delimiterClosed = false;
  /** Parts whose beginning was seen, and those of them that came as a field or a file. */
  #begun = 0;
  #shown = 0;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  readonly #busboy: BusboyInstance;

  constructor(
    boundary: string,
    private readonly limits: MultipartLimits,
    isFileField: IsFileField,
  ) {
    this.#busboy = new Busboy({
      headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
      highWaterMark: PART_BUFFER_BYTES,
      fileHwm: PART_BUFFER_BYTES,
      limits: {
        fields: limits.fields,
        fieldSize: limits.fieldBytes,
        headerPairs: MAX_HEADERS_OF_A_PART,
        headerSize: MAX_HEADER_BYTES,
      },
      isPartAFile: (name, type, fileName) =>
        fileName !== undefined || OPAQUE_TYPE.test(type ?? '') || (name !== undefined && isFileField(name)),
    });
    this.#listen();
  }

  /** @throws AppError MALFORMED_REQUEST, VALIDATION_FAILED */
  async write(chunk: Uint8Array): Promise<void> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    await this.#settled((done) => this.#busboy.write(bytes, done));
  }

  /**
   * After the last chunk.
   * @throws AppError MALFORMED_REQUEST when the closing delimiter has not come, or a part was neither a field nor a file
   */
  async end(): Promise<void> {
    await this.#settled((done) => {
      this.#busboy.end();
      // Busboy may have said so at the closing delimiter already, and says it once.
      if (this.#delimiterClosed) done();
    });
    if (this.#shown < this.#begun) throw malformed('A part of the body has no usable Content-Disposition.');
    this.finished = true;
  }

  async #settled(work: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      work(resolve);
    });
    if (this.#failure) throw this.#failure;
  }

  #listen(): void {
    partsOf(this.#busboy).on('part', () => {
      this.#begun += 1;
    });
    this.#busboy
      .on('field', (name, value, _nameTruncated, truncated) => this.#onField(name, value, truncated))
      .on('file', (name, stream, fileName) => this.#onFile(name, stream, fileName))
      .on('fieldsLimit', () =>
        this.#fail(new AppError('VALIDATION_FAILED', `More than ${this.limits.fields} form fields.`)),
      )
      .on('finish', () => {
        this.#delimiterClosed = true;
        this.#wake?.();
      })
      .on('error', () => this.#fail(malformed('The multipart body ends before its closing delimiter.')));
  }

  #onField(name: string | undefined, value: string, truncated: boolean): void {
    this.#shown += 1;
    if (name === undefined) this.#fail(malformed('A part of the body has no name.'));
    else if (truncated) this.#fail(fieldTooLong(name, this.limits.fieldBytes));
    else this.parts.push({ name, value });
  }

  #onFile(name: string | undefined, stream: NodeJS.ReadableStream, fileName: string | undefined): void {
    this.#shown += 1;
    const file: ParsedFile = { field: name ?? '', fileName: fileName ?? '', chunks: [], ended: false, skipped: false };
    // Cut-off bodies raise an error on the file too; unheard it would end the process.
    stream.on('error', () => this.#fail(malformed('The multipart body ends inside a file.')));
    stream.on('data', (chunk: Buffer) => {
      if (!file.skipped) file.chunks.push(chunk);
    });
    stream.on('end', () => {
      file.ended = true;
    });
    if (name === undefined) this.#fail(malformed('A part of the body has no name.'));
    else if (!fileName) this.#fail(malformed(`The file part "${name}" has no filename.`));
    else this.parts.push(file);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

/**
 * What tells busboy where parts begin. Busboy drops a part without a word whose Content-Disposition is missing, cut off or not
 * form-data, or whose name or filename has a line break in it: a photo would be lost and the rest of its product accepted.
 */
function partsOf(busboy: BusboyInstance): NodeJS.EventEmitter {
  const { parser } = (busboy as unknown as { readonly _parser: { readonly parser: NodeJS.EventEmitter } })._parser;
  return parser;
}

export function malformed(message: string): AppError {
  return new AppError('MALFORMED_REQUEST', message);
}

function fieldTooLong(name: string, maxBytes: number): AppError {
  return new AppError('VALIDATION_FAILED', `The field "${name}" is over ${maxBytes} bytes.`, {
    details: { field: name, max_bytes: maxBytes },
  });
}
