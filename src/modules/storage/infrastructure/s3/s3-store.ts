import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '../../../../kernel/clock';
import { type KeyPrefix, type ObjectKey, requireSignable } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { StagedFile } from '../../../../kernel/staged-file';
import { contentTypeOfKey } from '../../domain/content-type';
import type {
  ByteRange,
  ExpectedBytes,
  ListedObject,
  ObjectHead,
  ObjectStore,
  PresignedRequest,
  SignedGet,
  SignedPut,
} from '../../domain/object-store';
import type { SessionNeeds } from '../../domain/signing-session';
import { ChecksumMismatch, ObjectExists, ObjectMissing } from '../../domain/store-errors';
import { type AttemptPolicy, withAttempts } from './attempts';
import { letPagesIn } from './bucket-cors';
import { checkBucket, makeBucketIfMissing } from './bucket-requests';
import { type Copy, copyOnce } from './copy-object';
import { type CredentialsProvider, CurrentCredentials, credentialsProvider } from './credentials';
import { deleteObjects } from './delete-objects';
import { getObject } from './get-object';
import { headOnce } from './head-object';
import { abortMultipartUploads } from './multipart-uploads';
import { listPage, type RequestParts } from './object-requests';
import { putObject } from './put-object';
import { refusesUnsigned } from './refuses-unsigned';
import { s3Client } from './s3-client';
import type { S3StoreConfig } from './s3-config';
import { S3Signer } from './s3-signer';
import { writeDeadlineMs } from './write-deadline';

export interface S3StoreOptions {
  readonly config: S3StoreConfig;
  readonly clock?: Clock;
  /** By default static keys of the configuration, else the SDK's chain. */
  readonly provider?: CredentialsProvider;
  /** Of a store whose URLs are given to clients. */
  readonly sessions?: SessionNeeds;
}

/** The object store on S3 and what speaks its protocol. `prepare()` first: it loads the credentials that signing needs. */
export class S3Store implements ObjectStore {
  readonly kind = 's3';
  readonly bucket: string;
  private readonly config: S3StoreConfig;
  private readonly policy: AttemptPolicy;
  private readonly credentials: CurrentCredentials;
  private readonly signer: S3Signer;
  private readonly client: S3Client;
  private readonly requests: RequestParts;

  constructor({ config, clock = systemClock, provider = credentialsProvider(config), sessions }: S3StoreOptions) {
    this.bucket = config.bucket;
    this.config = config;
    this.policy = { retries: config.retries, deadlineMs: config.timeoutMs };
    this.credentials = new CurrentCredentials(provider, clock, sessions);
    this.signer = new S3Signer(config, this.credentials, clock);
    this.client = s3Client(config, this.credentials);
    this.requests = { client: this.client, config };
  }

  put(key: ObjectKey, file: StagedFile, contentType: string, signal?: AbortSignal): Promise<void> {
    const head = (taken: ObjectKey, attempt: AbortSignal) => headOnce(this.signer, taken, attempt);
    return putObject({ config: this.config, signer: this.signer, headOnce: head }, { key, file, contentType }, signal);
  }

  get(key: ObjectKey, range?: ByteRange): Promise<ReadableStream<Uint8Array>> {
    return getObject({ config: this.config, signer: this.signer }, key, range);
  }

  head(key: ObjectKey): Promise<ObjectHead | null> {
    return withAttempts(this.policy, (signal) => headOnce(this.signer, key, signal));
  }

  async *list(prefix: KeyPrefix, after?: ObjectKey): AsyncGenerator<ListedObject> {
    let last = after;
    for (;;) {
      const page = await withAttempts(this.policy, (signal) => listPage(this.requests, prefix, last, signal));
      yield* page.objects;
      last = page.objects.at(-1)?.key;
      if (page.isLast) return;
    }
  }

  /** Asks before it copies, unless the key is the caller's own: not every store knows If-None-Match on a copy. */
  async copy(from: ObjectKey, to: ObjectKey, expected?: ExpectedBytes): Promise<void> {
    if (expected !== undefined) return this.copyToNew(from, to, expected);
    const [source, there] = await Promise.all([this.head(from), this.head(to)]);
    if (!source) throw new ObjectMissing(from);
    const isSame = there && there.sha256 !== null && there.sha256 === source.sha256;
    if (isSame) return;
    if (there) throw new ObjectExists(to);
    await this.copyAny({ from, to, contentType: source.contentType ?? contentTypeOfKey(to) }, source.sizeBytes);
  }

  /** The store says of what it has written what its digest is; one that does not is asked. */
  private async copyToNew(from: ObjectKey, to: ObjectKey, { sha256, sizeBytes }: ExpectedBytes): Promise<void> {
    const told = await this.copyAny({ from, to, contentType: contentTypeOfKey(to) }, sizeBytes);
    const written = told ?? (await this.head(to))?.sha256;
    if (written !== sha256) throw new ChecksumMismatch(to);
  }

  private copyAny(copy: Copy, sizeBytes: number): Promise<Sha256 | null> {
    const policy = { ...this.policy, deadlineMs: writeDeadlineMs(this.policy.deadlineMs, sizeBytes) };
    return withAttempts(policy, (signal) => copyOnce(this.signer, copy, signal));
  }

  deleteMany(keys: readonly ObjectKey[]): Promise<void> {
    return deleteObjects(this.requests, this.policy, keys);
  }

  removeHalfWritten(before: Date): Promise<number> {
    return abortMultipartUploads(this.requests, this.policy, before);
  }

  signGet(request: SignedGet): string {
    requireSignable(request.key);
    return this.signer.get(request);
  }

  signPut(request: SignedPut): PresignedRequest {
    requireSignable(request.key);
    return this.signer.put(request);
  }

  signsUntil(): Date | null {
    return this.signer.until();
  }

  async prepare(): Promise<void> {
    await this.credentials.load();
    await makeBucketIfMissing(this.client, this.config, this.policy);
    const { bucket, corsOrigins: origins } = this.config;
    if (origins) await letPagesIn(this.client, { bucket, origins }, this.policy);
    if (await withAttempts(this.policy, (signal) => refusesUnsigned(this.signer, signal))) this.signer.needsNoGuard();
  }

  async check(): Promise<void> {
    await checkBucket(this.client, this.config, { ...this.policy, retries: 0 });
  }
}
