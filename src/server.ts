import { version } from '../package.json';
import { bodyPaceOf, publicUrlOf } from './config/derive';
import type { Settings } from './config/load';
import { buildContainer, type Container } from './container';
import type { ProductId } from './kernel/ids';
import type { Log } from './kernel/log';
import { certificateOf, listen } from './listen';
import { maintenanceSchedules } from './maintenance-schedules';
import { refuseBesideRestore, refuseHalfRestored, schemaState } from './platform/database/migrate';
import { multipartBody } from './platform/http/multipart-body';
import { gracefulStop, InFlight } from './platform/http/shutdown';
import { type Jobs, type QueuedWork, startJobs } from './platform/jobs/jobs';
import { createMetrics } from './platform/telemetry/metrics';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly container: Container;
  /** A renewed certificate is served at once; without TLS there is nothing to do. */
  reloadCertificate(): Promise<void>;
  /** Phases: no new requests, what is under way may finish, jobs end, connections close. @returns requests cut off */
  stop(): Promise<number>;
}

/** Far more than any field may have: what is too long is told by who knows the field, as in a JSON body. */
const TEXT_FIELDS = { fields: 10, fieldBytes: 1024 * 1024 };

/** Brings up everything that the settings name, and listens. */
export async function startServer(settings: Settings, log: Log): Promise<RunningServer> {
  const metrics = createMetrics();
  const inFlight = new InFlight();
  const certificate = await certificateOf(settings);
  let port = settings.PORT;
  const container = await buildContainer({ settings, log, metrics, port: () => port });
  try {
    await refuseBesideRestore((sql) => container.database.query(sql));
    const { filesDoor } = container.storage;
    const listening = listen(settings, certificate, {
      router: container.router,
      authenticate: container.identity.authenticate,
      multipartBody: uploadBodies(settings),
      doors: [
        ...(filesDoor ? [filesDoor] : []),
        container.realtime.wsDoor(inFlight.stopping, container.admission.rateLimits),
      ],
      readiness: readinessOf(container),
      details: () => detailsOf(container),
      log,
      metrics,
      inFlight,
      version,
      admission: container.admission,
    });
    const { listener } = listening;
    port = listener.port;
    container.realtime.start();
    const stopping = new AbortController();
    const jobs = await startMaintenance(container, settings, log, stopping.signal);
    return {
      url: publicUrlOf(settings, port),
      port,
      container,
      reloadCertificate: listening.reloadCertificate,
      async stop() {
        listening.stopWatching();
        const cutOff = await gracefulStop(listener, inFlight, settings.SHUTDOWN_GRACE_SECONDS * 1000);
        stopping.abort(new Error('the server stops'));
        const jobsEnd = jobs.stop();
        container.prepare.stop();
        await jobsEnd;
        await container.close();
        return cutOff;
      },
    };
  } catch (error) {
    await container.close();
    throw error;
  }
}

function uploadBodies(settings: Settings) {
  const pace = bodyPaceOf(settings);
  const isFileField = (name: string) => name === 'images' || name === 'images[]';
  return (request: Request) =>
    multipartBody(
      request,
      { totalBytes: settings.MAX_UPLOAD_BYTES, ...TEXT_FIELDS },
      {
        pace,
        isFileField,
        freesChunks: true, // the bodies come from the network, and nobody else holds their chunks
      },
    );
}

function readinessOf({ database, storage }: Container) {
  return {
    database: () => database.ping(),
    store: () => storage.store.check(),
    migrations: async () => {
      await refuseHalfRestored((sql) => database.query(sql));
      if ((await schemaState((sql) => database.query(sql))) !== 'current')
        throw new Error('the schema is not this code’s');
    },
  };
}

/** A hold of upkeep, and when backups last went well, whoever made, verified, pruned or rehearsed them; what never was is missing. */
async function detailsOf({ maintenance, backup }: Container) {
  const hold = await maintenance.holds.current();
  const runs = backup.isConfigured ? await maintenance.runs.lastEnded() : [];
  const ofBackups = runs.filter(({ task, outcome }) => task.startsWith('backup') && outcome === 'ok');
  const lastSuccess = Object.fromEntries(ofBackups.map(({ task, endedAt }) => [task, endedAt?.toISOString()]));
  return {
    // the reason is for operators: /readyz asks for no token
    ...(hold ? { maintenance: `on hold since ${hold.heldAt.toISOString()}` } : {}),
    ...(backup.isConfigured ? { last_success: lastSuccess } : {}),
  };
}

/** What runs by the clock, some of it now, too; and what others queue. */
async function startMaintenance(
  container: Container,
  settings: Settings,
  log: Log,
  signal: AbortSignal,
): Promise<Jobs> {
  const { database, prepare, prepareQueue } = container;
  const prepareJobs: QueuedWork = {
    queue: 'prepare',
    concurrency: prepare.concurrency,
    work: (data) => prepare.prepareProduct((data as { productId: ProductId }).productId),
  };
  const jobs = await startJobs(database, maintenanceSchedules(container, settings, log, signal), [prepareJobs], log);
  prepareQueue.wakenBy(() => jobs.wake('prepare'));
  return jobs;
}
