/**
 * What the application's role may do with each table: letters for select, insert, update, delete, and the columns that alone may be
 * updated. A table that is missing here, or has other rights, fails application-role.test.ts: nobody adds one without saying so.
 */
export const RIGHTS: Readonly<Record<string, string>> = {
  'drizzle.__drizzle_migrations': 's',
  // SQL that the owner runs, and which of it has been run
  'pgboss.bam': 's',
  'pgboss.version': 's update(cron_on, flow_on, reindex_on, monitor_backoff_on)',
  'pgboss.instance': 'siud',
  'pgboss.job': 'siud',
  'pgboss.job_common': 'siud',
  'pgboss.job_dependency': 'siud',
  'pgboss.queue': 'siud',
  'pgboss.queue_stats': 'siud',
  'pgboss.schedule': 'siud',
  'pgboss.subscription': 'siud',
  'pgboss.warning': 'siud',
  'public.audit_findings': 'siud',
  'public.backup_digests': 'siud',
  'public.backup_pins': 'siud',
  'public.direct_upload_images': 'siud',
  'public.direct_upload_superseded': 'siud',
  'public.direct_uploads': 'siud',
  'public.idempotency_keys': 'siud',
  'public.image_variants': 'siud',
  'public.intents': 'siud',
  'public.login_failures': 'siud',
  'public.maintenance_hold': 'sid',
  'public.maintenance_runs': 'siud',
  // only added to, in all columns but the time and the database's login
  'public.operator_audit': 'si',
  // written by triggers and by the functions below alone
  'public.product_events': 's',
  'public.product_status_history': 's',
  'public.seller_ledger': 's',
  'public.work_turns': 's',
  'public.product_images': 'siud',
  'public.products':
    'sid update(status, prompt_text, processing_started_at, processing_completed_at, processing_error, updated_at, legal_hold)',
  'public.quarantined_objects': 'siud',
  'public.rate_limits': 'siud',
  'public.realtime_tickets': 'siud',
  'public.refresh_tokens': 'siud',
  'public.seller_credentials': 'siud',
  'public.sessions': 'siud',
  'public.users': 'siud',
  'public.work_items': 's update(state, turn, attempts, due_at)',
  'public.work_leases': 'siud',
  'public.work_results': 'siud',
};

/** The functions that run as their owner and that the application may call; each holds its rule itself. */
export const OPEN_FUNCTIONS = ['forget_events', 'forget_history', 'forget_operator_audit', 'record_progress'];
