import type { Settings } from '../config/load';
import type { Log } from '../kernel/log';
import type { Metrics } from '../platform/telemetry/metrics';

/** What every module stands on. */
export interface Ground {
  readonly settings: Settings;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The port that is really listened on, once it is known: URLs of the disk store name it. */
  readonly port: () => number;
}
