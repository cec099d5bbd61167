import { type BodyPace, DEFAULT_PACE } from './body-pace';
import { BodySource, requestTooLarge } from './body-source';
import { ChunkMemory } from './chunk-memory';
import { type IsFileField, MultipartParser, malformed, type ParsedFile, type ParsedPart } from './multipart-parser';
import type { MultipartBody, MultipartFile, MultipartLimits, MultipartVisitor } from './multipart-port';

export interface MultipartOptions {
  readonly pace?: Partial<BodyPace>;
  /** Names of fields that carry files: such a part without a filename is refused instead of read as text. */
  readonly isFileField?: IsFileField;
  /**
   * true for requests that come from a socket: nobody else holds the body's chunks, so each is freed once it has been read.
   * Not for bodies made in this process, whose maker may go on using its bytes.
   */
  readonly freesChunks?: boolean;
}

/**
 * The multipart/form-data body of a request, unread.
 * @see RFC 7578; RFC 2046, 5.1.1 for the boundary
 */
export function multipartBody(
  request: Request,
  limits: MultipartLimits,
  options: MultipartOptions = {},
): MultipartBody {
  const contentLength = announcedLength(request);
  return {
    contentLength,
    signal: request.signal,
    async read(visitor) {
      if (contentLength !== null && contentLength > limits.totalBytes) throw requestTooLarge(limits.totalBytes);
      const parser = new MultipartParser(boundaryOf(request), limits, options.isFileField ?? (() => false));
      if (request.body === null) throw malformed('The request has no body.');
      const pace = { ...DEFAULT_PACE, ...options.pace };
      const source = new BodySource(request.body, request.signal, limits.totalBytes, pace);
      try {
        await new MultipartWalk(source, parser, options.freesChunks ? new ChunkMemory() : null).run(visitor);
      } catch (error) {
        // Visitors see the source's failure through the bytes they read and may wrap it.
        throw source.failure ?? error;
      } finally {
        source.close();
      }
    },
  };
}

/**
 * Pulls: the network is read only when the visitor wants a part or bytes that are not there yet. One flow of control,
 * so that memory stays at one chunk and an error on either side cannot leave the other waiting.
 */
class MultipartWalk {
  constructor(
    private readonly source: BodySource,
    private readonly parser: MultipartParser,
    private readonly memory: ChunkMemory | null,
  ) {}

  async run(visitor: MultipartVisitor): Promise<void> {
    let index = 0;
    for (let part = await this.#nextPart(); part !== undefined; part = await this.#nextPart()) {
      if ('value' in part) await visitor.field(part.name, part.value);
      else await this.#showFile(visitor, part, index++);
    }
  }

  async #nextPart(): Promise<ParsedPart | undefined> {
    while (this.parser.parts.length === 0 && !this.parser.finished) await this.#pull();
    return this.parser.parts.shift();
  }

  async #showFile(visitor: MultipartVisitor, file: ParsedFile, index: number): Promise<void> {
    const part: MultipartFile = { field: file.field, fileName: file.fileName, index, bytes: this.#bytesOf(file) };
    await visitor.file(part);
    file.skipped = true;
    file.chunks.length = 0;
  }

  async *#bytesOf(file: ParsedFile): AsyncGenerator<Uint8Array> {
    while (!file.skipped) {
      const chunk = file.chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (file.ended) return;
      else await this.#pull();
    }
  }

  async #pull(): Promise<void> {
    if (this.parser.finished) throw malformed('The multipart body ends inside a file.');
    // Whoever pulls has taken every chunk of its own file; what waits of later parts still needs its bytes.
    if (this.parser.parts.length === 0) this.memory?.freeSpent();
    const chunk = await this.source.next();
    if (chunk === null) return await this.parser.end();
    this.memory?.received(chunk);
    await this.parser.write(chunk);
  }
}

function announcedLength(request: Request): number | null {
  const length = request.headers.get('content-length');
  return length !== null && /^\d+$/.test(length) ? Number(length) : null;
}

function boundaryOf(request: Request): string {
  const type = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(type)) throw malformed('The body must be multipart/form-data.');
  const found = /;\s*boundary=(?:"([^"\\\r\n]{1,200})"|([^\s";,]{1,200}))\s*(?:;|$)/i.exec(type);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) throw malformed('The multipart boundary is missing or unusable.');
  return boundary;
}
