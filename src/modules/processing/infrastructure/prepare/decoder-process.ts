import { fileURLToPath } from 'node:url';
import {
  type DecodedBy,
  type DecodeRequest,
  DecoderDied,
  DecoderUnavailable,
  DecodeTimeout,
} from '../../domain/prepare/image-decoder';
import type { FromDecoder } from './decoder-messages';

export interface DecoderOptions {
  /** MAX_IMAGE_PIXELS */
  readonly maxPixels: number;
  /** For one image. */
  readonly timeoutMs: number;
  /** For tests: what runs instead of `decoder-child.ts`. */
  readonly script?: string;
}

/** What a new process may take to be ready on a machine that is busy: it has the lowest priority. */
const STARTS_WITHIN_MS = 60_000;
const SCRIPT = fileURLToPath(new URL('./decoder-child.ts', import.meta.url));

/** What the child inherits: it needs no more, and learns no secret. */
const INHERITED = ['PATH', 'TMPDIR', 'LD_LIBRARY_PATH', 'BUN_RUNTIME_TRANSPILER_CACHE_PATH', 'BUN_INSTALL_CACHE_DIR'];

type Answer = FromDecoder | 'ended' | 'late';

/** A process that decodes one image at a time. libvips may end it: the server goes on. */
export class DecoderProcess {
  #decoded = 0;
  #ended = false;
  #waiting: ((answer: Answer) => void) | null = null;
  readonly #child: Bun.Subprocess;
  readonly #ready: Promise<void>;

  constructor(private readonly options: DecoderOptions) {
    const script = options.script ?? SCRIPT;
    this.#child = Bun.spawn([process.execPath, '--no-env-file', script, String(options.maxPixels)], {
      env: Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
      stdio: ['ignore', 'ignore', 'ignore'],
      serialization: 'json',
      ipc: (message: FromDecoder) => this.#waiting?.(message),
      onExit: () => {
        this.#ended = true;
        this.#waiting?.('ended');
      },
    });
    this.#child.unref();
    this.#ready = this.#start();
    this.#ready.catch(() => undefined); // met by the first image
  }

  get pid(): number {
    return this.#child.pid;
  }

  get isUsable(): boolean {
    return !this.#ended;
  }

  /** @throws DecoderDied, DecodeTimeout: it is not usable afterwards; DecoderUnavailable */
  async decode(request: DecodeRequest): Promise<DecodedBy> {
    await this.#ready;
    if (this.#ended) throw new DecoderUnavailable('the decoder has ended before');
    const fresh = this.#decoded === 0;
    this.#decoded += 1;
    const answer = await this.#ask(this.options.timeoutMs, () => this.#child.send(request));
    if (answer === 'late') {
      this.kill();
      throw new DecodeTimeout();
    }
    if (answer === 'ended') throw new DecoderDied(fresh);
    if (answer.is === 'made' || answer.is === 'refused') return { decoded: answer, fresh };
    throw new DecoderUnavailable('why' in answer ? answer.why : 'the decoder began anew');
  }

  /** It is ended for no fault of what it decodes: whoever waits for that is told that there is no decoder. */
  abort(): void {
    this.#waiting?.({ is: 'error', why: 'the decoders are being stopped' });
    this.kill();
  }

  kill(): void {
    this.#ended = true;
    this.#child.kill('SIGKILL');
  }

  async #start(): Promise<void> {
    const answer = await this.#ask(STARTS_WITHIN_MS, () => undefined);
    if (typeof answer === 'object' && answer.is === 'ready') return;
    this.kill();
    const why = typeof answer === 'object' && 'why' in answer ? answer.why : 'it ended or kept silent';
    throw new DecoderUnavailable(`a decoder did not start: ${why}`);
  }

  /** The next message, or what came instead of it. */
  #ask(withinMs: number, send: () => void): Promise<Answer> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#waiting?.('late'), withinMs);
      this.#waiting = (answer) => {
        clearTimeout(late);
        this.#waiting = null;
        resolve(answer);
      };
      send();
    });
  }
}
