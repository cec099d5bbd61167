import type { LifecycleEvent, Status } from '../../src/modules/products/domain/lifecycle';
import type { LifecycleEdge } from '../../src/modules/products/domain/lifecycle-edges';

/** A new value of a column: a status, or in words where it depends on the moment. */
type Written = Status | 'null' | 'now' | 'the reason';

/**
 * What one change of status writes, all in its transaction and by triggers, whoever changes it.
 * tests/integration/lifecycle-writes.test.ts takes every edge in PostgreSQL and compares.
 */
export interface Writes {
  /** Of products; `updated_at` is always among them, and what is not named keeps its value. */
  readonly columns: Readonly<Record<string, Written>>;
  /** The `event` of the new row of product_status_history. */
  readonly history: LifecycleEvent;
  /** Types of the new rows of product_events, in the order of their numbers. */
  readonly events: readonly string[];
  /** The product's row of work_items, before and after. */
  readonly queue: { readonly leaves: boolean; readonly enters: 'processing' | 'publishing' | null };
  /** A lease that is still live ends as `lost`; one that its worker has completed stays so. */
  readonly endsLeases: boolean;
}

const SECOND_EVENT: Partial<Record<LifecycleEvent, string>> = {
  COMPLETE: 'processing_complete',
  PUBLISHED: 'publishing_complete',
  FAIL: 'error',
};

export function writesOf({ from, event, to }: LifecycleEdge): Writes {
  const second = SECOND_EVENT[event];
  return {
    columns: {
      status: to,
      failed_from: to === 'failed' ? from.status : 'null',
      processing_error: to === 'failed' ? 'the reason' : 'null',
      ...processingTimes(from.status, to),
      updated_at: 'now',
    },
    history: event,
    events: ['status_change', ...(second ? [second] : [])],
    queue: { leaves: isWork(from.status), enters: isWork(to) ? to : null },
    endsLeases: isWork(from.status),
  };
}

function processingTimes(from: Status, to: Status): Record<string, Written> {
  if (to === 'processing') return { processing_started_at: 'null', processing_completed_at: 'null' };
  return from === 'processing' ? { processing_completed_at: 'now' } : {};
}

const isWork = (status: Status) => status === 'processing' || status === 'publishing';
