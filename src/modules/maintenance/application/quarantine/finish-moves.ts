import type { ObjectKey } from '../../../../kernel/object-key';
import { unlessUnreadable } from '../../../../kernel/unless-unreadable';
import type { QuarantinedObject, QuarantineState } from '../../domain/quarantine';
import { finishRelease } from './finish-release';
import { finishMove, type MoveDeps } from './move-away';

const PAGE = 100;

/**
 * Ends what a process that died had begun: objects on their way into quarantine, or out of it. What can't be read is left as it is.
 * @param signal ends it between two steps
 * @param states only these: to end a move is to delete objects, to end a release is not
 */
export async function finishMoves(
  deps: MoveDeps,
  signal: AbortSignal,
  states: readonly Extract<QuarantineState, 'moving' | 'releasing'>[] = ['moving', 'releasing'],
): Promise<void> {
  for (let after: ObjectKey | null = null; ; ) {
    const page: readonly QuarantinedObject[] = await deps.quarantine.page(states, after, PAGE);
    if (page.length === 0) return;
    for (const object of page) {
      const finish = object.state === 'moving' ? finishMove : finishRelease;
      await unlessUnreadable<unknown>(deps.store, () => finish(deps, object, signal));
    }
    after = page.at(-1)?.key ?? null;
  }
}
