import { Counter, Histogram, type Registry } from 'prom-client';

const PREPARE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What /metrics says of images that are decoded. */
export interface PrepareMetrics {
  /** One image, from the first byte of the original to the commit. */
  prepared(seconds: number): void;
  /** @param kind `refused` is final; after every other kind it is tried again */
  failed(kind: string): void;
}

export function prepareMetrics(registry: Registry): PrepareMetrics {
  const registers = [registry];
  const duration = new Histogram({
    name: 'prepare_duration_seconds',
    help: 'Time to fetch, decode and store one image, until its variants are committed.',
    buckets: PREPARE_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'prepare_failures_total',
    help: 'Images that were not prepared, by why; only `refused` is final.',
    labelNames: ['kind'] as const,
    registers,
  });
  return { prepared: (seconds) => duration.observe(seconds), failed: (kind) => failures.inc({ kind }) };
}
