import type { Client } from 'pg';
import { RESTORE_SCHEMA } from '../../../../platform/database/restore-marker';
import type { Progress, RestoreRun } from '../../domain/restore';
import { RunLost } from '../../domain/restore-refused';

const MARKER = `${RESTORE_SCHEMA}.under_way`;

export async function writeMarker(client: Client, progress: Progress): Promise<void> {
  const { run, backupId, phase, place, bucketWasEmpty, isRehearsal } = progress;
  await client.query(`
    create schema ${RESTORE_SCHEMA};
    create table ${MARKER} (run uuid not null, backup_id uuid not null, phase text not null, place text not null,
      bucket_was_empty boolean not null, is_rehearsal boolean not null, started_at timestamptz not null default now())`);
  await client.query(`insert into ${MARKER} values ($1, $2, $3, $4, $5, $6)`, [
    run,
    backupId,
    phase,
    place,
    bucketWasEmpty,
    isRehearsal,
  ]);
}

export async function readMarker(client: Client): Promise<Progress> {
  const { rows } = await client.query<Progress>(`
    select run, backup_id as "backupId", phase, place, bucket_was_empty as "bucketWasEmpty", is_rehearsal as "isRehearsal"
    from ${MARKER}`);
  const [progress] = rows;
  if (!progress) throw new Error('the marker of a restore is empty');
  return progress;
}

/**
 * Whether the marker is that run's; if so, nobody changes it before the transaction's end.
 * @returns null where it is not, or there is none
 */
export async function lockMarker(client: Client, run: RestoreRun): Promise<Pick<Progress, 'isRehearsal'> | null> {
  const { rows: there } = await client.query('select to_regclass($1) is not null as there', [MARKER]);
  if (!(there[0] as { there: boolean }).there) return null;
  const { rows } = await client.query<Pick<Progress, 'isRehearsal'>>(
    `select is_rehearsal as "isRehearsal" from ${MARKER} where run = $1 for update`,
    [run],
  );
  return rows[0] ?? null;
}

/** @throws RunLost */
export async function requireMarker(client: Client, run: RestoreRun): Promise<Pick<Progress, 'isRehearsal'>> {
  const marker = await lockMarker(client, run);
  if (!marker) throw new RunLost();
  return marker;
}

/** Once it is locked. */
export async function changeMarker(client: Client, to: Partial<Pick<Progress, 'run' | 'phase'>>): Promise<void> {
  await client.query(`update ${MARKER} set run = coalesce($1, run), phase = coalesce($2, phase)`, [
    to.run ?? null,
    to.phase ?? null,
  ]);
}

export async function dropMarker(client: Client): Promise<void> {
  await client.query(`drop schema ${RESTORE_SCHEMA} cascade`);
}
