import type { Clock } from '../../../../kernel/clock';
import type { ObjectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import type { ObjectStore, PresignedRequest } from '../../domain/object-store';

export type ProbeTimes = ReturnType<typeof probeTimes>;

const PROBE_SECONDS = 60;

/** From now, in whole seconds. */
export function probeTimes(clock: Clock) {
  const now = Math.floor(clock().getTime() / 1000);
  return { issuedAt: new Date(now * 1000), expiresAt: new Date((now + PROBE_SECONDS) * 1000) };
}

/** A PUT as clients of direct uploads get it. */
export function signedProbe(
  store: Pick<ObjectStore, 'signPut'>,
  key: ObjectKey,
  declared: string,
  times: ProbeTimes,
): PresignedRequest {
  const sizeBytes = Buffer.byteLength(declared);
  return store.signPut({ key, contentType: 'image/jpeg', sizeBytes, sha256: sha256OfBytes(declared), ...times });
}
