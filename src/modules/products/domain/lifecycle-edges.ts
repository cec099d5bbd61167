import {
  LIFECYCLE_EVENTS,
  type LifecycleEvent,
  type LifecyclePhase,
  nextStatus,
  STATUSES,
  type Status,
} from './lifecycle';

/** seller: the product's owner. worker: who holds its lease. system: this server by itself. operator: who has a shell. */
export type ActorKind = 'seller' | 'worker' | 'system' | 'operator';

interface Taking {
  readonly from: Status;
  readonly event: LifecycleEvent;
  /** Beside the operator, who may take every edge. */
  readonly by: readonly ActorKind[];
  readonly when: string;
}

/**
 * Who may take which edge, and when they do. `changeStatus` refuses everybody else; docs/lifecycle.md and docs/lifecycle.svg are
 * made of it. Its edges are the machine's, which a test holds.
 */
const TAKINGS: readonly Taking[] = [
  {
    from: 'uploading',
    event: 'UPLOADS_VERIFIED',
    by: ['system'],
    when: 'every image was decoded whole and its variants are stored',
  },
  { from: 'uploading', event: 'FAIL', by: ['system'], when: 'an image cannot be decoded' },
  { from: 'processing', event: 'COMPLETE', by: ['worker'], when: 'the worker that holds the lease has its result' },
  {
    from: 'processing',
    event: 'FAIL',
    by: ['worker', 'system'],
    when: 'the worker gives it up, or no attempt is left',
  },
  { from: 'ready', event: 'PUBLISH', by: ['seller'], when: 'the seller wants the listing published' },
  { from: 'ready', event: 'REGENERATE', by: ['seller'], when: 'the seller wants another result' },
  { from: 'ready', event: 'FAIL', by: [], when: 'an operator takes it out of service' },
  { from: 'publishing', event: 'PUBLISHED', by: ['worker'], when: 'the worker that holds the lease has published it' },
  {
    from: 'publishing',
    event: 'FAIL',
    by: ['worker', 'system'],
    when: 'the worker gives it up, or no attempt is left',
  },
  { from: 'failed', event: 'RETRY', by: ['seller'], when: 'the seller wants the phase that failed tried again' },
];

/** One edge of the machine; of `failed` there is one for each status it may have failed in. */
export interface LifecycleEdge {
  readonly from: LifecyclePhase;
  readonly event: LifecycleEvent;
  readonly to: Status;
  readonly takenBy: readonly ActorKind[];
  readonly when: string;
}

/** Every edge, as the machine itself answers, in the order of its statuses. @throws Error where nobody is named for one */
export function lifecycleEdges(): readonly LifecycleEdge[] {
  const phases = STATUSES.flatMap((status): LifecyclePhase[] =>
    status === 'failed' ? STATUSES.map((failedFrom) => ({ status, failedFrom })) : [{ status, failedFrom: null }],
  );
  return phases.flatMap((from) =>
    LIFECYCLE_EVENTS.flatMap((event) => {
      const to = nextStatus(from, event);
      return to ? [{ from, event, to, ...taking(from.status, event) }] : [];
    }),
  );
}

/**
 * Whether somebody like this may take the event from there; says nothing about whether the machine has such an edge.
 * @param actor a kind or, behind a colon, more of it, such as `worker:gpu-7`: the kind alone decides
 */
export function mayTake(actor: string, from: Status, event: LifecycleEvent): boolean {
  const kind = actor.split(':', 1)[0];
  if (kind === 'operator') return true;
  return TAKINGS.some((one) => one.from === from && one.event === event && one.by.some((may) => may === kind));
}

function taking(from: Status, event: LifecycleEvent): Pick<LifecycleEdge, 'takenBy' | 'when'> {
  const found = TAKINGS.find((one) => one.from === from && one.event === event);
  if (!found) throw new Error(`nobody is named who takes ${event} from ${from}`);
  return { takenBy: [...found.by, 'operator'], when: found.when };
}
