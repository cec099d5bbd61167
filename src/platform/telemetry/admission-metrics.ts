import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The policy of a rate limit, what there was too little of, or a quota of the seller's. */
export type RefusedFor = 'address' | 'user' | 'auth' | 'budget' | 'disk' | 'quota';

interface Budget {
  readonly heldBytes: number;
  readonly waiting: number;
}

/** What /metrics says of whom was let in. */
export interface AdmissionMetrics {
  refused(why: RefusedFor): void;
  waited(seconds: number): void;
  /** Asked when it is scraped. */
  budget(totalBytes: number, budget: Budget): void;
}

const WAIT_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

export function admissionMetrics(registry: Registry): AdmissionMetrics {
  const registers = [registry];
  const refusals = new Counter({
    name: 'admission_refusals_total',
    help: 'Requests that were not let in, by what for.',
    labelNames: ['why'] as const,
    registers,
  });
  const waits = new Histogram({
    name: 'upload_wait_seconds',
    help: 'How long bodies waited unread until there was room, or they were refused; of those that had to.',
    buckets: WAIT_SECONDS,
    registers,
  });
  return {
    refused: (why) => refusals.inc({ why }),
    waited: (seconds) => waits.observe(seconds),
    budget(totalBytes, budget) {
      sampled(registry, 'upload_budget_bytes', 'Bytes of bodies that may be taken in at once.', () => totalBytes);
      sampled(registry, 'upload_budget_held_bytes', 'Of these, given to uploads under way.', () => budget.heldBytes);
      sampled(registry, 'uploads_waiting', 'Bodies that wait unread for their turn.', () => budget.waiting);
    },
  };
}

function sampled(registry: Registry, name: string, help: string, ask: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(ask());
    },
  });
}
