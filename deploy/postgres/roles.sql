-- The database and its two roles, for psql as a superuser. Safe to repeat; a repeat sets the passwords.
--   psql -v owner_password=… -v app_password=… -f deploy/postgres/roles.sql
-- intellipost_owner owns the tables and migrates them (MIGRATION_DATABASE_URL); intellipost is what the server logs in as
-- (DATABASE_URL) and works as the role intellipost_app, which can alter no table and no trigger.
\set ON_ERROR_STOP on
SELECT 'CREATE ROLE intellipost_app NOLOGIN' WHERE to_regrole('intellipost_app') IS NULL \gexec
SELECT 'CREATE ROLE intellipost_owner LOGIN' WHERE to_regrole('intellipost_owner') IS NULL \gexec
SELECT 'CREATE ROLE intellipost LOGIN' WHERE to_regrole('intellipost') IS NULL \gexec
ALTER ROLE intellipost_owner PASSWORD :'owner_password';
ALTER ROLE intellipost PASSWORD :'app_password';
GRANT intellipost_app TO intellipost_owner, intellipost;
SELECT 'CREATE DATABASE intellipost OWNER intellipost_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'intellipost') \gexec
REVOKE ALL ON DATABASE intellipost FROM PUBLIC;
GRANT CONNECT ON DATABASE intellipost TO intellipost;
-- Temporary tables and large objects: the server makes none. The owner of the database may, and restores single products by them.
\connect intellipost
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_open(oid, integer), lo_put(oid, bigint, bytea),
  lo_unlink(oid), lowrite(integer, bytea) FROM PUBLIC;
