import type { Clock } from '../../../../kernel/clock';
import type { ObjectStore } from '../../domain/object-store';
import { finding, type StoreFinding } from './finding';
import { type ProbeObjectDeps, probeObject } from './probe-object';
import { probeOrigin } from './probe-origin';
import { probeTimes } from './signed-probe';

export interface CheckStoreDeps extends ProbeObjectDeps {
  readonly store: ProbeObjectDeps['store'] & Pick<ObjectStore, 'check' | 'kind'>;
  readonly clock: Clock;
}

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
    const answers = await finding('answers', async () => {
      await deps.store.check();
      return null;
    });
    if (answers.problem !== null) return [answers];
    const findings = [answers, ...(await probeObject(deps, times))];
    for (const origin of origins)
      findings.push(...(await probeOrigin(deps, origin === '*' ? ANY_PAGE : origin, times)));
    return findings;
  };
