import type { ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import { ObjectMissing } from '../../domain/store-errors';
import { digestOf } from './head-object';
import { refusalOf, S3Refusal } from './s3-faults';
import type { S3Signer } from './s3-signer';

export interface Copy {
  readonly from: ObjectKey;
  readonly to: ObjectKey;
  /** Of the copy. */
  readonly contentType: string;
}

/**
 * One attempt, by fetch, as HEAD is and for the same reason. A store may begin to answer 200 before it has copied, and say in the
 * body that it failed.
 * @returns the sha-256 of what was written, where the store tells it
 * @see Amazon S3 API, CopyObject, CopyObjectResult
 */
export async function copyOnce(
  signer: S3Signer,
  { from, to, contentType }: Copy,
  signal: AbortSignal,
): Promise<Sha256 | null> {
  await signer.ready();
  const { url, headers } = signer.ownCopy(from, to, contentType);
  const response = await fetch(url, { method: 'PUT', headers, signal, redirect: 'error' });
  if (!response.ok) {
    const refusal = await refusalOf(response);
    throw refusal.status === 404 ? new ObjectMissing(from) : refusal;
  }
  const result = await response.text();
  if (!result.includes('<CopyObjectResult')) throw new S3Refusal(500, 'a copy that was not made');
  return digestOf(/<ChecksumSHA256>([^<]+)</.exec(result)?.[1] ?? null);
}
