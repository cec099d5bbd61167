import { assign, setup, transition } from 'xstate';

export const STATUSES = ['uploading', 'processing', 'ready', 'publishing', 'published', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

export const LIFECYCLE_EVENTS = [
  'UPLOADS_VERIFIED',
  'COMPLETE',
  'REGENERATE',
  'PUBLISH',
  'PUBLISHED',
  'FAIL',
  'RETRY',
] as const;
export type LifecycleEvent = (typeof LIFECYCLE_EVENTS)[number];

/** Where a product stands. `failedFrom` is the status it failed in, and null in every other status than `failed`. */
export interface LifecyclePhase {
  readonly status: Status;
  readonly failedFrom: Status | null;
}

/**
 * The life of a product. It opens in the Stately visualizer as it stands. PostgreSQL keeps the same edges by a trigger
 * (`lifecycle_event` in drizzle/0001_integrity.sql); tests/integration/lifecycle.test.ts compares the two.
 */
export const lifecycle = setup({
  types: {
    context: {} as { failedFrom: Status | null },
    events: {} as { type: LifecycleEvent },
  },
  actions: {
    rememberPhase: assign((_, params: { phase: Status }) => ({ failedFrom: params.phase })),
    forgetPhase: assign({ failedFrom: null }),
  },
  guards: {
    failedIn: ({ context }, params: { phase: Status }) => context.failedFrom === params.phase,
  },
}).createMachine({
  id: 'product',
  initial: 'uploading',
  context: { failedFrom: null },
  states: {
    uploading: {
      on: {
        UPLOADS_VERIFIED: 'processing',
        FAIL: { target: 'failed', actions: { type: 'rememberPhase', params: { phase: 'uploading' } } },
      },
    },
    processing: {
      on: {
        COMPLETE: 'ready',
        FAIL: { target: 'failed', actions: { type: 'rememberPhase', params: { phase: 'processing' } } },
      },
    },
    ready: {
      on: {
        PUBLISH: 'publishing',
        REGENERATE: 'processing',
        FAIL: { target: 'failed', actions: { type: 'rememberPhase', params: { phase: 'ready' } } },
      },
    },
    publishing: {
      on: {
        PUBLISHED: 'published',
        FAIL: { target: 'failed', actions: { type: 'rememberPhase', params: { phase: 'publishing' } } },
      },
    },
    failed: {
      on: {
        // An upload that failed has nothing to repeat: its bytes are wrong. A new product is made instead.
        RETRY: [
          {
            target: 'processing',
            guard: { type: 'failedIn', params: { phase: 'processing' } },
            actions: 'forgetPhase',
          },
          {
            target: 'publishing',
            guard: { type: 'failedIn', params: { phase: 'publishing' } },
            actions: 'forgetPhase',
          },
        ],
      },
    },
    published: { type: 'final' },
  },
});

/** The status that the event leads to, or null where the machine has no such edge. Pure; no actor is started. */
export function nextStatus(phase: LifecyclePhase, event: LifecycleEvent): Status | null {
  const before = lifecycle.resolveState({ value: phase.status, context: { failedFrom: phase.failedFrom } });
  const [after] = transition(lifecycle, before, { type: event });
  // A refused event gives back the very snapshot it was asked of (XState v5).
  return after === before ? null : (after.value as Status);
}
