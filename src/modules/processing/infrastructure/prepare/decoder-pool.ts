import {
  type DecodedBy,
  type DecodeRequest,
  DecoderUnavailable,
  type ImageDecoder,
} from '../../domain/prepare/image-decoder';
import { type DecoderOptions, DecoderProcess } from './decoder-process';
import { WeightedSlots } from './weighted-slots';

export interface DecoderPoolOptions extends DecoderOptions {
  /** PREPARE_CONCURRENCY: images that are decoded at once, each by a process of its own. */
  readonly size: number;
  /** A process that has had nothing to do for so long is ended: it holds some 60 MB. */
  readonly idleMs: number;
}

/** Decoder processes: started when they are needed, kept while there is work, never more than `size`. */
export class DecoderPool implements ImageDecoder {
  #closed = false;
  readonly #slots: WeightedSlots;
  readonly #idle = new Map<DecoderProcess, ReturnType<typeof setTimeout>>();
  readonly #busy = new Set<DecoderProcess>();

  constructor(private readonly options: DecoderPoolOptions) {
    this.#slots = new WeightedSlots(options.size);
  }

  decode(request: DecodeRequest, alone: boolean): Promise<DecodedBy> {
    return this.#slots.run(alone, async () => {
      if (this.#closed) throw new DecoderUnavailable('the decoders are stopped');
      if (alone) for (const other of this.#idle.keys()) this.#dismiss(other);
      const decoder = this.#takeIdle() ?? new DecoderProcess(this.options);
      this.#busy.add(decoder);
      try {
        return await decoder.decode(request);
      } finally {
        this.#busy.delete(decoder);
        this.#rest(decoder);
      }
    });
  }

  /** How many processes there are. */
  get processes(): number {
    return this.#busy.size + this.#idle.size;
  }

  /** Ends every process at once; what they were decoding is no verdict on it. */
  close(): void {
    this.#closed = true;
    for (const decoder of this.#busy) decoder.abort();
    for (const decoder of this.#idle.keys()) this.#dismiss(decoder);
  }

  #takeIdle(): DecoderProcess | null {
    for (const [decoder, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(decoder);
      if (decoder.isUsable) return decoder;
    }
    return null;
  }

  #rest(decoder: DecoderProcess): void {
    if (!decoder.isUsable) return;
    if (this.#closed) {
      decoder.kill();
      return;
    }
    const timer = setTimeout(() => this.#dismiss(decoder), this.options.idleMs);
    timer.unref();
    this.#idle.set(decoder, timer);
  }

  #dismiss(decoder: DecoderProcess): void {
    clearTimeout(this.#idle.get(decoder));
    this.#idle.delete(decoder);
    decoder.kill();
  }
}
