import { CannotOpen } from '../domain/envelope';
import type { SealedCredentials, SealedOf } from '../domain/ports';
import { type OpeningDeps, reportUnreadable } from './open-or-report';

export interface RotateKeysDeps extends OpeningDeps {
  readonly credentials: Pick<SealedCredentials, 'wrappedByOthers' | 'countWrappedByOthers' | 'replaceWrapping'>;
}

export interface Rotation {
  /** Wrapped by the current key now. */
  readonly rewrapped: number;
  /** Written anew, or removed, by somebody else meanwhile. */
  readonly overtaken: number;
  /** Not opened, and left as they are. */
  readonly unreadable: number;
  /** Rows that still need another key than the current one. */
  readonly left: number;
}

const BATCH = 100;

/**
 * Wraps every data key by the current key. What was done shows in each row itself, so a run that was killed is repeated; servers may
 * run meanwhile. A row that does not open is told to operators and left alone.
 */
export const rotateKeys =
  (deps: RotateKeysDeps) =>
  async (onProgress: (done: number, total: number) => void = () => undefined): Promise<Rotation> => {
    const { envelope, credentials } = deps;
    const total = await credentials.countWrappedByOthers(envelope.currentKeyId);
    const counts = { rewrapped: 0, overtaken: 0, unreadable: 0 };
    for (let last: SealedOf['owner'] | null = null; ; ) {
      const rows: readonly SealedOf[] = await credentials.wrappedByOthers(envelope.currentKeyId, last, BATCH);
      for (const row of rows) {
        counts[await rewrapOne(deps, row)] += 1;
        onProgress(counts.rewrapped + counts.overtaken + counts.unreadable, total);
      }
      last = rows.at(-1)?.owner ?? null;
      if (last === null) break;
    }
    return { ...counts, left: await credentials.countWrappedByOthers(envelope.currentKeyId) };
  };

async function rewrapOne(deps: RotateKeysDeps, { owner, sealed }: SealedOf): Promise<keyof Omit<Rotation, 'left'>> {
  try {
    const again = deps.envelope.rewrap(owner, sealed);
    return (await deps.credentials.replaceWrapping(owner, sealed, again)) ? 'rewrapped' : 'overtaken';
  } catch (error) {
    if (!(error instanceof CannotOpen)) throw error;
    reportUnreadable(deps, owner, error);
    return 'unreadable';
  }
}
