import { AppError } from '../../../../kernel/app-error';
import { type AttemptId, type ImageId, newId, type ProductId } from '../../../../kernel/ids';
import { attemptPrefix } from '../../../../kernel/object-key';
import type { Seller } from '../../../../kernel/principal';
import type { Sha256 } from '../../../../kernel/sha256';
import type { InTransaction, Transaction } from '../../../../kernel/transaction';
import {
  type AnnouncedImage,
  bytesOf,
  type DeclarationLimits,
  judgeDeclarations,
  primaryIndexOf,
} from '../../domain/declared-images';
import {
  type DirectUpload,
  type DirectUploadLimits,
  directFingerprint,
  type ImageDeclaration,
  originalKey,
  START_PROCEDURE,
} from '../../domain/direct-upload';
import type { DirectUploads, OpenUploads } from '../../domain/direct-upload-ports';
import { type Prompt, parsePrompt } from '../../domain/prompt';
import type { RequireQuota } from '../../domain/quota';
import type { AttemptIntent, AttemptJournal, ClaimedKey, IdempotencyKeys } from '../../domain/upload-ports';
import { stateOfDirectUpload, type UploadProgress } from '../../domain/upload-progress';
import {
  type AwaitedUpload,
  type ImagePut,
  type PutSigning,
  type PutTimes,
  putTimes,
  signPuts,
} from './presigned-puts';

export interface StartUploadDeps extends PutSigning {
  readonly uploads: Pick<DirectUploads, 'countOpen' | 'insert' | 'lock' | 'extendPuts'>;
  readonly journal: Pick<AttemptJournal, 'open'>;
  readonly keys: Pick<IdempotencyKeys, 'claim' | 'finish'>;
  readonly inTransaction: InTransaction;
  readonly limits: DeclarationLimits & Pick<DirectUploadLimits, 'maxOpenUploads'>;
  readonly requireQuota: RequireQuota;
  /** DIRECT_UPLOAD_TTL_SECONDS */
  readonly directUploadTtlSeconds: number;
  readonly progress?: UploadProgress;
}

export interface StartUploadRequest {
  readonly promptText: string | undefined;
  readonly images: readonly AnnouncedImage[];
  readonly idempotencyKey: string | null;
}

export interface StartedUpload extends AwaitedUpload {
  /** The same upload as an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
}

/** What an Idempotency-Key keeps: no URL, because URLs are bearers and expire. */
interface StartAnswer {
  readonly productId: ProductId;
}

/**
 * Announces an upload whose bytes go straight to the store: intent, declarations and key are written, PUTs signed, and only what is
 * committed is answered. The product comes with completion.
 * @throws AppError INVALID_PROMPT, IDEMPOTENCY_MISMATCH, QUOTA_EXCEEDED (too many are open), STORAGE_UNAVAILABLE (nothing is
 *   announced then), and those of `judgeDeclarations`
 */
export const startUpload =
  (deps: StartUploadDeps) =>
  async (seller: Seller, request: StartUploadRequest): Promise<StartedUpload> => {
    const prompt = parsePrompt(request.promptText);
    const declared = judgeDeclarations(deps.limits, request.images);
    const primaryIndex = primaryIndexOf(request.images);
    const times = putTimes(deps);
    const upload = newUpload(prompt, declared, primaryIndex, times);
    const begun = await deps.inTransaction((tx) => begin(deps, tx, seller, { upload, times, request }));
    if (begun.kind === 'begun') {
      const { productId } = upload;
      deps.progress?.tell(stateOfDirectUpload({ userId: seller.userId, productId }, upload.images, () => false));
      return { productId, puts: begun.puts, replayed: false };
    }
    return replay(deps, seller, begun, { upload, times });
  };

function newUpload(
  prompt: Prompt,
  declared: readonly ImageDeclaration[],
  primaryIndex: number,
  { expiresAt }: PutTimes,
): DirectUpload {
  const productId = newId<ProductId>();
  const intentId = newId<AttemptId>();
  const prefix = attemptPrefix(productId, intentId);
  const images = declared.map((declaration, position) => {
    const id = newId<ImageId>();
    const key = originalKey(prefix, id, declaration);
    return { ...declaration, id, position, isPrimary: position === primaryIndex, key, putExpiresAt: expiresAt };
  });
  return { productId, intentId, prompt, images };
}

interface Beginning {
  readonly upload: DirectUpload;
  readonly times: PutTimes;
  readonly request: StartUploadRequest;
}

type Begun = { readonly kind: 'begun'; readonly puts: readonly ImagePut[] } | Done;
type Done = Extract<ClaimedKey<StartAnswer>, { kind: 'done' }>;

/**
 * All or nothing: whoever finds the key finds the upload that it names. Signed before the commit, though answered after it: an upload
 * whose PUTs could not be signed would stay open, and nobody would know its id.
 */
async function begin(
  deps: StartUploadDeps,
  tx: Transaction,
  seller: Seller,
  { upload, times, request }: Beginning,
): Promise<Begun> {
  const { productId, intentId } = upload;
  const intent: AttemptIntent = {
    id: intentId,
    kind: 'direct',
    productId,
    prefix: attemptPrefix(productId, intentId),
    ttlSeconds: deps.directUploadTtlSeconds,
    putExpiresAt: times.expiresAt,
  };
  const open = await deps.uploads.countOpen(tx, seller);
  if (request.idempotencyKey === null) {
    await requireRoom(deps, tx, seller, { open, upload });
    await deps.journal.open(intent, tx);
    await deps.uploads.insert(tx, seller, upload);
    return { kind: 'begun', puts: signPuts(deps, upload.images, times) };
  }
  const claim = { seller, procedure: START_PROCEDURE, key: request.idempotencyKey };
  const key = await deps.keys.claim<StartAnswer>(claim, intent, tx);
  if (key.kind === 'done') return key;
  await requireRoom(deps, tx, seller, { open, upload });
  await deps.uploads.insert(tx, seller, upload);
  const answer: StartAnswer = { productId };
  await deps.keys.finish(tx, claim, intentId, { fingerprint: directFingerprint(upload), answer });
  return { kind: 'begun', puts: signPuts(deps, upload.images, times) };
}

/** What is announced counts until it is completed, aborted or expired: the store has room for it meanwhile. */
async function requireRoom(
  { limits: { maxOpenUploads }, requireQuota }: StartUploadDeps,
  tx: Transaction,
  seller: Seller,
  { open, upload }: { readonly open: OpenUploads; readonly upload: DirectUpload },
): Promise<void> {
  if (open.uploads >= maxOpenUploads) {
    throw new AppError('QUOTA_EXCEEDED', `At most ${maxOpenUploads} uploads may be open; complete or abort one.`);
  }
  await requireQuota(seller, { products: open.uploads + 1, bytes: open.bytes + bytesOf(upload.images) }, tx);
}

/**
 * Fresh PUTs of the same images; of none where it is complete already. An open upload itself says what it is of: photos of it may
 * have been announced anew since, be it between the look at the key and this.
 */
async function replay(
  deps: StartUploadDeps,
  seller: Seller,
  { answer: { productId }, fingerprint }: Done,
  { upload: requested, times }: Pick<Beginning, 'upload' | 'times'>,
): Promise<StartedUpload> {
  const puts = await deps.inTransaction(async (tx) => {
    const upload = await deps.uploads.lock(tx, seller, productId);
    requireSame(directFingerprint(requested), upload ? directFingerprint(upload) : fingerprint);
    if (!upload) return [];
    await deps.uploads.extendPuts(tx, upload, upload.images, times.expiresAt);
    return signPuts(deps, upload.images, times);
  });
  return { productId, puts, replayed: true };
}

function requireSame(requested: Sha256, kept: Sha256): void {
  if (requested === kept) return;
  throw new AppError(
    'IDEMPOTENCY_MISMATCH',
    'The Idempotency-Key was used with other content, or photos of its upload have been announced anew since.',
  );
}
