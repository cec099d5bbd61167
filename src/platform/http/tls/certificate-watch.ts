import type { Log } from '../../../kernel/log';
import { pause } from '../../pause';
import { type Certificate, type CertificateFiles, CertificateUnusable, readCertificate } from './certificate';

export interface WatchOptions {
  readonly files: CertificateFiles;
  readonly served: Certificate;
  readonly replace: (certificate: Certificate) => Promise<void>;
  readonly log: Log;
  readonly everyMs?: number;
}

const EVERY_MS = 10_000;

/**
 * Serves a renewed certificate when both its files are whole and go together; until then the one before stays. They are read again
 * and again: what replaces them may be a copy, a rename or a link to another folder, which no watch of a file sees alike.
 */
export class CertificateWatch {
  #served: Certificate;
  /** What was said last of files that can't be used: it is said once. */
  #complaint: string | null = null;
  #looking: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(private readonly options: WatchOptions) {
    this.#served = options.served;
  }

  get served(): Certificate {
    return this.#served;
  }

  /** Returns at once. */
  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Now, and not at the next turn; one look at a time. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await pause(this.options.everyMs ?? EVERY_MS, this.#stopping.signal);
      if (!this.#stopping.signal.aborted) await this.look();
    }
  }

  async #look(): Promise<void> {
    const { files, replace, log } = this.options;
    try {
      const found = await readCertificate(files);
      if (found.cert !== this.#served.cert || found.key !== this.#served.key) {
        await replace(found);
        this.#served = found;
        log.info(saidOf(found), 'a renewed certificate is served');
      }
      this.#complaint = null;
    } catch (error) {
      const why = error instanceof CertificateUnusable ? error.message : String(error);
      if (why !== this.#complaint) {
        log.error(
          { err: error, ...saidOf(this.#served) },
          'the renewed certificate can’t be used; the one before is served',
        );
      }
      this.#complaint = why;
    }
  }
}

function saidOf({ names, fingerprint, expiresAt }: Certificate) {
  return { names, fingerprint, expires_at: expiresAt.toISOString() };
}
