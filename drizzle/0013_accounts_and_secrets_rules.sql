-- What of accounts and secrets the application may write, and what nobody may unsay.

GRANT SELECT, INSERT, UPDATE, DELETE ON login_failures, seller_credentials TO intellipost_app;
--> statement-breakpoint
-- The time and the login that wrote a line are the database's own: they can't be given.
GRANT SELECT, INSERT (act, actor, source, command, target, details, outcome, error) ON operator_audit TO intellipost_app;
--> statement-breakpoint
GRANT USAGE ON SEQUENCE operator_audit_id_seq TO intellipost_app;
--> statement-breakpoint
-- Append-only also for the owner, by mistake at least: a line changes never, and goes by its age alone.
CREATE FUNCTION keep_operator_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at < now() - interval '90 days' THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION 'the record of operators is only added to' USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE TRIGGER operator_audit_append_only BEFORE UPDATE OR DELETE ON operator_audit FOR EACH ROW EXECUTE FUNCTION keep_operator_audit();
--> statement-breakpoint
CREATE TRIGGER operator_audit_no_truncate BEFORE TRUNCATE ON operator_audit FOR EACH STATEMENT EXECUTE FUNCTION keep_operator_audit();
--> statement-breakpoint
CREATE FUNCTION forget_operator_audit(older_than interval, at_most int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH gone AS (
    DELETE FROM operator_audit WHERE id IN (
      SELECT id FROM operator_audit WHERE at < now() - greatest(older_than, interval '90 days') ORDER BY at LIMIT at_most)
    RETURNING 1)
  SELECT count(*) FROM gone
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION keep_operator_audit, forget_operator_audit FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION forget_operator_audit TO intellipost_app;
