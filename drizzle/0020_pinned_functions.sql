-- What the application's role could still do to the rules, by way of what its own sessions may make.

-- Functions ----------------------------------------------------------------------------------------------------------
-- A temporary table is found before any other unless `pg_temp` stands in the path, and then last: without it whoever made a temporary
-- `seller_ledger` had functions that run as the owner write there. Every function of ours, so that none has to be thought about.
DO $$
DECLARE one regprocedure;
BEGIN
  FOR one IN
    SELECT p.oid FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', one);
  END LOOP;
END $$;
--> statement-breakpoint

-- Rights -------------------------------------------------------------------------------------------------------------
-- No temporary tables at all: the server makes none. Whoever does not own the database is told so, and deploy/postgres/roles.sql
-- has done it.
DO $$ BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, intellipost_app', current_database());
END $$;
--> statement-breakpoint
-- Large objects are files of the database that anybody may make; only a superuser can forbid it (deploy/postgres/roles.sql does).
DO $$ BEGIN
  REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_open(oid, integer), lo_put(oid, bigint, bytea),
    lo_unlink(oid), lowrite(integer, bytea) FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'large objects stay open to every role: a superuser can revoke them';
END $$;
