import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type AdmissionMetrics, admissionMetrics } from './admission-metrics';
import { type PrepareMetrics, prepareMetrics } from './prepare-metrics';
import { type WorkMetrics, workMetrics } from './work-metrics';

type Outcome = 'ok' | 'error';
/** Told of each operation when it has ended. */
export type RecordOperation = (operation: string, outcome: Outcome, seconds: number) => void;

interface RequestMeasure {
  readonly method: string;
  /** The template (`/api/products/{id}`), never the path: labels must not grow with ids. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What Prometheus scrapes at /metrics. Each app has its own registry. */
export interface Metrics {
  readonly contentType: string;
  /** The text that Prometheus reads. */
  render(): Promise<string>;
  request(measure: RequestMeasure): void;
  /** An event was handed to a follower, so many seconds after its transaction began. */
  eventDelivered(seconds: number): void;
  /** A seller’s stored credentials that did not open. */
  credentialsUnreadable(reason: string): void;
  /** Bytes of files received from clients, by any door. */
  ingested(bytes: number): void;
  readonly storeOperation: RecordOperation;
  readonly databaseQuery: RecordOperation;
  readonly work: WorkMetrics;
  readonly prepare: PrepareMetrics;
  readonly admission: AdmissionMetrics;
  /**
   * A gauge that asks when it is scraped. Where asking fails the gauge is left out of that scrape.
   * @param ask values by the label's value
   */
  collected(name: string, help: string, label: string, ask: () => Promise<Readonly<Record<string, number>>>): void;
  /** Gauges that one question answers when they are scraped. Where it fails they are left out of that scrape. */
  sampled(source: SampledGauges): void;
}

export interface SampledGauges {
  readonly gauges: readonly { readonly name: string; readonly help: string; readonly labels: readonly string[] }[];
  /** By the gauges' names. */
  ask(): Promise<Readonly<Record<string, readonly Sample[]>>>;
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const OPERATION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

// Bun answers these with zeros or with the size of reserved memory (tried on 1.4.5): a wrong number is worse than none.
const WRONG_ON_BUN = /^(process_heap_bytes|nodejs_active_|nodejs_heap_space_)/;

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) if (WRONG_ON_BUN.test(name)) registry.removeSingleMetric(name);
  const registers = [registry];
  const ingest = new Counter({ name: 'ingest_bytes_total', help: 'Bytes of files received from clients.', registers });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    request: requestRecorder(registry),
    eventDelivered: deliveryRecorder(registry),
    credentialsUnreadable: unreadableRecorder(registry),
    ingested: (bytes) => ingest.inc(bytes),
    storeOperation: operationRecorder(registry, 'store_operation', 'Time of calls to the object store.'),
    databaseQuery: operationRecorder(registry, 'database_query', 'Time of statements, from sending to the last row.'),
    work: workMetrics(registry),
    prepare: prepareMetrics(registry),
    admission: admissionMetrics(registry),
    collected: (name, help, label, ask) => collectedGauge(registry, name, help, label, ask),
    sampled: (source) => sampledGauges(registry, source),
  };
}

function requestRecorder(registry: Registry): Metrics['request'] {
  const registers = [registry];
  const labelNames = ['method', 'route', 'status'] as const;
  const total = new Counter({ name: 'http_requests_total', help: 'Requests answered.', labelNames, registers });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the head of the request to the head of the answer.',
    labelNames: ['method', 'route'] as const,
    buckets: REQUEST_SECONDS,
    registers,
  });
  return ({ method, route, status, seconds }) => {
    total.inc({ method, route, status });
    duration.observe({ method, route }, seconds);
  };
}

function deliveryRecorder(registry: Registry): Metrics['eventDelivered'] {
  const registers = [registry];
  const total = new Counter({ name: 'events_delivered_total', help: 'Events handed to followers.', registers });
  const delay = new Histogram({
    name: 'event_delivery_seconds',
    help: 'Time from the beginning of an event’s transaction to its follower; what was missed and resumed is old.',
    buckets: OPERATION_SECONDS,
    registers,
  });
  return (seconds) => {
    total.inc();
    delay.observe(seconds);
  };
}

function unreadableRecorder(registry: Registry): Metrics['credentialsUnreadable'] {
  const total = new Counter({
    name: 'credentials_unreadable_total',
    help: 'How often stored credentials of a seller could not be opened, by why.',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  return (reason) => total.inc({ reason });
}

function operationRecorder(registry: Registry, name: string, help: string): RecordOperation {
  const duration = new Histogram({
    name: `${name}_duration_seconds`,
    help,
    labelNames: ['operation', 'outcome'] as const,
    buckets: OPERATION_SECONDS,
    registers: [registry],
  });
  return (operation, outcome, seconds) => duration.observe({ operation, outcome }, seconds);
}

function collectedGauge(registry: Registry, ...[name, help, label, ask]: Parameters<Metrics['collected']>): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    async collect() {
      this.reset();
      const values = await ask().catch(() => ({}));
      for (const [value, amount] of Object.entries(values)) this.set({ [label]: value }, amount);
    },
  });
}

/** All are asked for in the same moment of a scrape: the first asks, the others wait for its answer. */
function sampledGauges(registry: Registry, { gauges, ask }: SampledGauges): void {
  let asking: ReturnType<typeof ask> | null = null;
  const askOnce = () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking.catch(() => ({}) as Awaited<ReturnType<typeof ask>>);
  };
  for (const { name, help, labels } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      async collect() {
        this.reset();
        for (const { labels: of, value } of (await askOnce())[name] ?? []) this.set(of, value);
      },
    });
  }
}
