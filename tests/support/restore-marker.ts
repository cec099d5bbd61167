/** SQL that makes a database look like one in which a restore of some backup has begun and not ended. */
export function markerOf({
  isRehearsal = false,
  place = 'elsewhere',
  backupId = crypto.randomUUID() as string,
} = {}): string {
  return `create schema intellipost_restore; create table intellipost_restore.under_way as
    select gen_random_uuid() as run, '${backupId}'::uuid as backup_id, 'begun' as phase, '${place}' as place,
      true as bucket_was_empty, ${isRehearsal} as is_rehearsal, now() as started_at`;
}

/** The same, as versions wrote it that did not tell whose a restore is and where its objects go. */
export function markerOfEarlierVersion(backupId = crypto.randomUUID() as string): string {
  return `create schema intellipost_restore; create table intellipost_restore.under_way as
    select '${backupId}'::uuid as backup_id, 'begun' as phase, true as bucket_was_empty, now() as started_at`;
}
