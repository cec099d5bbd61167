import { readdir, readFile } from 'node:fs/promises';
import type { TestDatabase } from '../support/postgres';

/** What a process that leaks has more and more of. */
export interface Sample {
  /** Since the first one, in seconds. */
  readonly at: number;
  readonly memoryBytes: number;
  readonly descriptors: number;
  readonly connections: number;
}

/** @see proc(5), VmRSS and /proc/pid/fd */
export async function sample(pid: number, db: TestDatabase, startedAt: number): Promise<Sample> {
  const [status, descriptors, connections] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
    // of the server alone: the question itself comes from another name
    db.sql<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name like 'intellipost%'",
    ),
  ]);
  return {
    at: (performance.now() - startedAt) / 1000,
    memoryBytes: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024,
    descriptors: descriptors.length,
    connections: connections[0]?.n ?? 0,
  };
}
