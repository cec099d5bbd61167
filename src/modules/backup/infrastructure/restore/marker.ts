import type { Client } from 'pg';
import { RESTORE_SCHEMA } from '../../../../platform/database/restore-marker';
import type { BackupId } from '../../domain/layout';
import type { FoundDatabase, Progress, RestoreRun } from '../../domain/restore';
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

/** Its columns differ by the version that made it: so they are asked for as what may be missing. */
export async function readMarker(client: Client): Promise<HalfRestored> {
  const { rows } = await client.query<{ marker: WrittenMarker }>(`select to_jsonb(m) as marker from ${MARKER} m`);
  const marker = rows[0]?.marker;
  if (!marker) throw new Error('the marker of a restore is empty');
  const backupId = marker.backup_id;
  if (marker.run === undefined) return { is: 'half-restored by an earlier version', backupId };
  const { run, phase, place, bucket_was_empty: bucketWasEmpty, is_rehearsal: isRehearsal } = marker;
  return { is: 'half-restored', run, backupId, phase, place, bucketWasEmpty, isRehearsal };
}

interface MarkerOfThisVersion {
  readonly run: RestoreRun;
  readonly backup_id: BackupId;
  readonly phase: Progress['phase'];
  readonly place: string;
  readonly bucket_was_empty: boolean;
  readonly is_rehearsal: boolean;
}

type WrittenMarker = MarkerOfThisVersion | { readonly run?: undefined; readonly backup_id: BackupId };

type HalfRestored = Extract<FoundDatabase, { readonly backupId: BackupId }>;

/**
 * Whether the marker is that run's; if so, nobody changes it before the transaction's end.
 * @returns null where it is not, or there is none
 */
export async function lockMarker(client: Client, run: RestoreRun): Promise<Pick<Progress, 'isRehearsal'> | null> {
  const { rows: there } = await client.query('select to_regclass($1) is not null as there', [MARKER]);
  if (!(there[0] as { there: boolean }).there) return null;
  const { rows } = await client.query<Pick<Progress, 'isRehearsal'>>(
    `select (to_jsonb(m) ->> 'is_rehearsal')::boolean as "isRehearsal" from ${MARKER} m where to_jsonb(m) ->> 'run' = $1 for update`,
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
