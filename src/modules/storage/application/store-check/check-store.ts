import { objectKey } from '../../../../kernel/object-key';
import type { ObjectStore } from '../../domain/object-store';
import { finding, type StoreFinding } from './finding';
import { type ProbeObjectDeps, probeObject } from './probe-object';
import { probeOrigin } from './probe-origin';
import { type ProbeSessionDeps, probeSession } from './probe-session';
import { probeTimes } from './signed-probe';

export interface CheckStoreDeps extends ProbeObjectDeps, Omit<ProbeSessionDeps, 'store'> {
  readonly store: ProbeObjectDeps['store'] & ProbeSessionDeps['store'] & Pick<ObjectStore, 'check' | 'kind'>;
}

const REMEDY = { disk: 'start the server, or set PUBLIC_URL', s3: 'look at S3_PUBLIC_ENDPOINT_URL' };

/** Stands for any page, where CORS_ORIGINS allows any. */
const ANY_PAGE = 'https://any-page.example';

/**
 * Looks whether the store keeps every promise that uploads, signed URLs and pages of other origins rest on, from where clients are: by
 * its public address.
 * @param origins CORS_ORIGINS
 */
export const checkStore =
  (deps: CheckStoreDeps) =>
  async (origins: readonly string[]): Promise<StoreFinding[]> => {
    const times = probeTimes(deps.clock);
    const findings: StoreFinding[] = [];
    for (const probe of [answersHere, answersClients]) {
      const found = await probe(deps);
      findings.push(found);
      // what comes after would only say the same again
      if (found.problem !== null) return findings;
    }
    findings.push(...(await probeObject(deps, times)), await probeSession(deps));
    for (const origin of origins)
      findings.push(...(await probeOrigin(deps, origin === '*' ? ANY_PAGE : origin, times)));
    return findings;
  };

function answersHere({ store }: CheckStoreDeps): Promise<StoreFinding> {
  return finding('answers', async () => {
    await store.check();
    return null;
  });
}

/** Whatever it answers: it is there. */
function answersClients({ store, ask, clock }: CheckStoreDeps): Promise<StoreFinding> {
  return finding('answers at its public address', async () => {
    const { origin } = new URL(store.signGet({ key: objectKey('probe'), ...probeTimes(clock) }));
    const reached = await ask(origin, {}).then(
      (answer) => answer.arrayBuffer(),
      () => null,
    );
    return reached === null ? `nothing answers at ${origin}: ${REMEDY[store.kind]}` : null;
  });
}
