import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const WORK_SECONDS = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

/** What /metrics says of the work queue. */
export interface WorkMetrics {
  leaseEnded(phase: string, outcome: 'completed' | 'failed' | 'lost', count: number): void;
  /** From claim to completion. */
  workTook(phase: string, seconds: number): void;
  /** URLs of originals that workers asked for by name. */
  originalsIssued(count: number): void;
  /** @param ask asked when it is scraped; where that fails the gauge is left out of that scrape */
  queueLengths(ask: () => Promise<readonly { phase: string; state: string; items: number }[]>): void;
}

export function workMetrics(registry: Registry): WorkMetrics {
  const registers = [registry];
  const leases = new Counter({
    name: 'work_leases_total',
    help: 'Leases that ended, by how.',
    labelNames: ['phase', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'work_duration_seconds',
    help: 'Time from the claim of a product to its completion.',
    labelNames: ['phase'] as const,
    buckets: WORK_SECONDS,
    registers,
  });
  const originals = new Counter({
    name: 'work_original_urls_issued_total',
    help: 'URLs of originals that were issued to workers.',
    registers,
  });
  return {
    leaseEnded: (phase, outcome, count) => leases.inc({ phase, outcome }, count),
    workTook: (phase, seconds) => duration.observe({ phase }, seconds),
    originalsIssued: (count) => originals.inc(count),
    queueLengths: (ask) => queueGauge(registry, ask),
  };
}

function queueGauge(registry: Registry, ask: Parameters<WorkMetrics['queueLengths']>[0]): void {
  new Gauge({
    name: 'work_queue',
    help: 'Products that wait for a worker or are with one.',
    labelNames: ['phase', 'state'] as const,
    registers: [registry],
    async collect() {
      this.reset();
      for (const { phase, state, items } of await ask().catch(() => [])) this.set({ phase, state }, items);
    },
  });
}
