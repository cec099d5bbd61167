import type { Clock } from '../../../../kernel/clock';
import type { ObjectStore } from '../../domain/object-store';
import { isTooShort, type SessionNeeds, shortestSessionSeconds } from '../../domain/signing-session';
import { finding, type StoreFinding } from './finding';

export interface ProbeSessionDeps {
  readonly store: Pick<ObjectStore, 'signsUntil'>;
  readonly clock: Clock;
  readonly promised: Pick<SessionNeeds, 'longestUrlSeconds'>;
}

/** Only a warning: `expires_at` tells the truth, and who asks again gets a URL that works. */
export async function probeSession({ store, clock, promised }: ProbeSessionDeps): Promise<StoreFinding> {
  const found = await finding('signs URLs that live as long as they are asked to', async () => {
    const until = store.signsUntil();
    const secondsLeft =
      until === null ? Number.POSITIVE_INFINITY : Math.round((until.getTime() - clock().getTime()) / 1000);
    if (!isTooShort(secondsLeft, promised)) return null;
    return (
      `the session of its credentials ends in ${secondsLeft} s, and URLs with it: ` +
      `let it last ${shortestSessionSeconds(promised)} s or more, or use keys that do not end (docs/operations.md, Credentials of the bucket)`
    );
  });
  return { ...found, isWarning: true };
}
