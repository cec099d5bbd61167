import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { AppError } from '../../../../kernel/app-error';
import { type Clock, systemClock } from '../../../../kernel/clock';
import type { S3StoreConfig } from './s3-config';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent for keys that do not expire. */
  readonly expiration?: Date;
}

export type CredentialsProvider = () => Promise<S3Credentials>;

/** So long before their end new ones are asked for: the SDK's own chain answers with new ones from then on. */
const RENEW_BEFORE_END_MS = 5 * 60 * 1000;
const RENEW_AGAIN_AFTER_MS = 10_000;
const RENEW_SOONEST_MS = 1_000;
/** setTimeout's limit is 2^31 - 1 ms. */
const TIMER_MAX_MS = 24 * 60 * 60 * 1000;

/** Static keys where the configuration has them, else whatever the machine's role gives. */
export function credentialsProvider(config: S3StoreConfig): CredentialsProvider {
  const { accessKeyId, secretAccessKey } = config;
  if (accessKeyId && secretAccessKey) return async () => ({ accessKeyId, secretAccessKey });
  return fromNodeProviderChain();
}

/** Holds the credentials of now, so that URLs can be signed without waiting; renews them ahead of their end. */
export class CurrentCredentials {
  private held: S3Credentials | undefined;
  private loading: Promise<S3Credentials> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly provider: CredentialsProvider,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws AppError STORAGE_UNAVAILABLE when none were loaded yet, or the last have expired and no new ones came */
  get(): S3Credentials {
    if (this.held && this.remainingMs(this.held) > 0) return this.held;
    this.load().catch(ignoreUntilNeeded);
    throw new AppError('STORAGE_UNAVAILABLE');
  }

  /** The held ones while they last, else new ones. @throws AppError STORAGE_UNAVAILABLE */
  async fresh(): Promise<S3Credentials> {
    return this.held && this.remainingMs(this.held) > 0 ? this.held : this.load();
  }

  /** Asks the provider now; concurrent callers share one request. @throws AppError STORAGE_UNAVAILABLE */
  load(): Promise<S3Credentials> {
    this.loading ??= this.ask().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async ask(): Promise<S3Credentials> {
    try {
      this.held = await this.provider();
      this.renewIn(untilRenewal(this.remainingMs(this.held)));
      return this.held;
    } catch (cause) {
      this.renewIn(RENEW_AGAIN_AFTER_MS);
      throw new AppError('STORAGE_UNAVAILABLE', undefined, { cause });
    }
  }

  /** A timer, because signing does not wait: after an idle hour the first URL must be signed with keys that live. */
  private renewIn(ms: number): void {
    clearTimeout(this.timer);
    if (this.held && this.held.expiration === undefined) return;
    this.timer = setTimeout(() => this.renewOrWait(), Math.min(ms, TIMER_MAX_MS));
    this.timer.unref();
  }

  private renewOrWait(): void {
    this.load().catch(ignoreUntilNeeded);
  }

  private remainingMs({ expiration }: S3Credentials): number {
    return expiration ? expiration.getTime() - this.clock().getTime() : Number.POSITIVE_INFINITY;
  }
}

/** Credentials that come with less than five minutes left are renewed half way to their end. */
function untilRenewal(remainingMs: number): number {
  const early = remainingMs - RENEW_BEFORE_END_MS;
  return early > 0 ? early : Math.max(remainingMs / 2, RENEW_SOONEST_MS);
}

function ignoreUntilNeeded(): void {
  // the held credentials may still serve; when they do not, `get` and `fresh` say so
}
