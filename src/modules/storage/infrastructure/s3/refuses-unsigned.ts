import { objectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { S3Refusal } from './s3-faults';
import type { S3Signer } from './s3-signer';

/** Neither is ever written: the source does not exist, and the body is not the one that the signature names. */
const KEY = objectKey('probe/refuses-unsigned');
const DECLARED = { contentType: 'image/jpeg', sizeBytes: 0, sha256: sha256OfBytes('other bytes') };

/** @see Amazon S3, AccessDenied with HeadersNotSigned */
const SAYS_WHY = /HeadersNotSigned|headers present in the request which were not signed/;

/**
 * Whether the store refuses a request with an x-amz-* header that its signature does not name, as Amazon does: asked by one, of a copy.
 * Any other answer counts as no, also one that may have another reason.
 */
export async function refusesUnsigned(signer: S3Signer, signal: AbortSignal): Promise<boolean> {
  await signer.ready();
  const { url, headers } = signer.ownPut({ key: KEY, ...DECLARED });
  const smuggled = { ...headers, 'x-amz-copy-source': signer.sourceOf(objectKey('probe/does-not-exist')) };
  const response = await fetch(url, { method: 'PUT', headers: smuggled, body: '', signal, redirect: 'error' });
  const answer = await response.text();
  // 501: it would have copied, if it could
  if (response.status >= 500 && response.status !== 501) throw new S3Refusal(response.status, '');
  return response.status === 403 && SAYS_WHY.test(answer);
}
