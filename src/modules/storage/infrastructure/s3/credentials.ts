import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { AppError } from '../../../../kernel/app-error';
import { type Clock, systemClock } from '../../../../kernel/clock';
import { isTooShort, type SessionNeeds } from '../../domain/signing-session';
import type { S3StoreConfig } from './s3-config';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent for keys that do not expire. */
  readonly expiration?: Date;
}

/** Asks for the newest there are, whatever it has given before. */
export type CredentialsProvider = () => Promise<S3Credentials>;

/** Who signs for nobody but itself needs no more than a request's time. */
const OWN_REQUESTS: SessionNeeds = { longestUrlSeconds: 5 * 60 };
const RENEW_AGAIN_AFTER_MS = 10_000;
/** A machine's role has new ones only shortly before the end of the old. */
const ASK_FOR_NEWER_AFTER_MS = 60_000;
const RENEW_SOONEST_MS = 1_000;
/** setTimeout's limit is 2^31 - 1 ms. */
const TIMER_MAX_MS = 24 * 60 * 60 * 1000;

/** Static keys where the configuration has them, else whatever the machine's role gives. */
export function credentialsProvider(config: S3StoreConfig): CredentialsProvider {
  const { accessKeyId, secretAccessKey } = config;
  if (accessKeyId && secretAccessKey) return async () => ({ accessKeyId, secretAccessKey });
  const chain = fromNodeProviderChain();
  // by itself it would answer with those it has until five minutes before their end
  return () => chain({ forceRefresh: true });
}

/** Holds the credentials of now, so that URLs can be signed without waiting; renews them ahead of their end. */
export class CurrentCredentials {
  private held: S3Credentials | undefined;
  private loading: Promise<S3Credentials> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hasToldTooShort = false;

  constructor(
    private readonly provider: CredentialsProvider,
    private readonly clock: Clock = systemClock,
    private readonly needs: SessionNeeds = OWN_REQUESTS,
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
      const before = this.held;
      this.held = await this.provider();
      this.planRenewal(this.held, this.held.expiration?.getTime() !== before?.expiration?.getTime());
      return this.held;
    } catch (cause) {
      this.renewIn(RENEW_AGAIN_AFTER_MS);
      throw new AppError('STORAGE_UNAVAILABLE', undefined, { cause });
    }
  }

  /** Ahead by the longest life of a URL where the session allows it, and not more than once in half of it: URLs change with it. */
  private planRenewal(held: S3Credentials, isNewer: boolean): void {
    const remainingMs = this.remainingMs(held);
    const neededMs = this.needs.longestUrlSeconds * 1000;
    const inMs = isNewer
      ? Math.max(remainingMs - neededMs, remainingMs / 2)
      : Math.min(remainingMs / 2, ASK_FOR_NEWER_AFTER_MS);
    this.renewIn(Math.max(inMs, RENEW_SOONEST_MS));
    if (isNewer ? isTooShort(remainingMs / 1000, this.needs) : remainingMs < neededMs) this.tellTooShort(remainingMs);
  }

  private tellTooShort(remainingMs: number): void {
    if (this.hasToldTooShort) return;
    this.hasToldTooShort = true;
    this.needs.tooShort?.(Math.round(remainingMs / 1000));
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

function ignoreUntilNeeded(): void {
  // the held credentials may still serve; when they do not, `get` and `fresh` say so
}
