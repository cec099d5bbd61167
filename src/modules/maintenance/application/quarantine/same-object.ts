import type { ObjectKey } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';
import type { AuditedStore } from '../../domain/audit';

/**
 * Whether the object under the key is there and has this size and sha-256. Where either digest is not known, size alone decides: the
 * store copies within itself, and nothing better is known of what somebody else has put there.
 */
export async function isSameObject(
  store: Pick<AuditedStore, 'head'>,
  key: ObjectKey,
  expected: { readonly sizeBytes: number; readonly sha256: Sha256 | null },
): Promise<boolean> {
  const head = await store.head(key);
  if (!head || head.sizeBytes !== expected.sizeBytes) return false;
  return head.sha256 === null || expected.sha256 === null || head.sha256 === expected.sha256;
}
