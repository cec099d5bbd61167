import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase } from '../support/postgres';
import { aSeller } from '../support/seller-client';
import { startServerProcess } from '../support/server-process';
import { openSocket } from '../support/socket';
import { ANY_WORKER, aWorkerAccount, startWorker } from '../support/worker-process';
import { startLoad } from './load';
import { type Sample, sample } from './sampler';

export interface SoakOptions {
  readonly seconds: number;
  readonly sampleEveryMs: number;
  readonly onSample?: (sample: Sample) => void;
}

export interface Soaked {
  readonly samples: readonly Sample[];
  readonly done: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  /** When the load had ended, and what it held was given back. */
  readonly atRest: Sample;
  /** Products that a worker has finished. */
  readonly finished: number;
}

/** What an idle server gives back within this time. */
const REST_MS = 3_000;

/**
 * One server process on a database and a data folder of its own, under uploads, readers, followers, refusals, an example worker and
 * upkeep every minute, while its memory, file descriptors and connections are sampled.
 */
export async function soak({ seconds, sampleEveryMs, onSample }: SoakOptions): Promise<Soaked> {
  const db = await testDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'test-soak-'));
  const server = await startServerProcess({
    DATABASE_URL: db.url,
    DATA_DIR: dataDir,
    PREPARE_CONCURRENCY: '1',
    SWEEP_CRON: '* * * * *',
    SCRUB_CRON: '* * * * *',
    // longer than any soak: what is measured is the server, not its clients' patience with tokens
    ACCESS_TOKEN_TTL_SECONDS: '86400',
    LOG_LEVEL: 'error',
  });
  try {
    const seller = await aSeller(server);
    const worker = startWorker(ANY_WORKER, server.url, await aWorkerAccount(server, db));
    const follower = await openSocket(server.url, '/ws/products', { token: seller.accessToken });
    const load = await startLoad(seller, server.port);
    const startedAt = performance.now();
    const samples: Sample[] = [];
    while (performance.now() - startedAt < seconds * 1000) {
      await Bun.sleep(sampleEveryMs);
      samples.push(await sample(server.pid, db, startedAt));
      onSample?.(samples.at(-1) as Sample);
    }
    const { done, wrong } = await load.end();
    follower.close();
    await worker.end('SIGTERM');
    await Bun.sleep(REST_MS);
    const atRest = await sample(server.pid, db, startedAt);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const finished = /^work_leases_total\{.*outcome="completed".*\} (\d+)/m.exec(metrics)?.[1];
    await server.end('SIGTERM');
    const logged = server.output.stdout.split('\n').filter((line) => line.startsWith('{'));
    return { samples, done, wrong: [...wrong, ...logged], atRest, finished: Number(finished ?? 0) };
  } finally {
    await server.end('SIGKILL');
    await db.drop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
