-- What the schema language cannot say: the rules that hold whoever writes, and the role that cannot change them.
-- Functions that write for the application run as their owner (SECURITY DEFINER): the application itself has no right to
-- write history, events or the ledger.

-- The application's role. Login roles are made members of it; the server switches to it on every connection.
DO $$ BEGIN
  -- An owner without CREATEROLE may migrate where the role has been made (deploy/postgres/roles.sql).
  IF to_regrole('intellipost_app') IS NULL THEN CREATE ROLE intellipost_app NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- roles belong to the cluster: another database made it
END $$;
--> statement-breakpoint
DO $$ BEGIN
  IF NOT pg_has_role(current_user, 'intellipost_app', 'MEMBER') THEN GRANT intellipost_app TO CURRENT_USER; END IF;
END $$;
--> statement-breakpoint

-- Lifecycle ----------------------------------------------------------------------------------------------------------
-- The edges of src/modules/products/domain/lifecycle.ts; tests/integration/lifecycle.test.ts compares the two, pair by pair.
CREATE FUNCTION lifecycle_event(from_status text, to_status text, failed_from text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN from_status = 'uploading' AND to_status = 'processing' THEN 'UPLOADS_VERIFIED'
    WHEN from_status = 'processing' AND to_status = 'ready' THEN 'COMPLETE'
    WHEN from_status = 'ready' AND to_status = 'publishing' THEN 'PUBLISH'
    WHEN from_status = 'ready' AND to_status = 'processing' THEN 'REGENERATE'
    WHEN from_status = 'publishing' AND to_status = 'published' THEN 'PUBLISHED'
    WHEN from_status IN ('uploading', 'processing', 'ready', 'publishing') AND to_status = 'failed' THEN 'FAIL'
    WHEN from_status = 'failed' AND to_status IN ('processing', 'publishing') AND to_status = failed_from THEN 'RETRY'
  END
$$;
--> statement-breakpoint
CREATE FUNCTION guard_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.status <> 'uploading' OR NEW.failed_from IS NOT NULL THEN
      RAISE EXCEPTION 'a product begins as uploading' USING ERRCODE = 'IP001';
    END IF;
    NEW.image_count := 0;
    NEW.image_bytes := 0;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.user_id, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.created_at) THEN
    RAISE EXCEPTION 'id, owner and time of creation stay' USING ERRCODE = 'IP003';
  END IF;
  IF NEW.status IS DISTINCT FROM OLD.status THEN
    IF public.lifecycle_event(OLD.status, NEW.status, OLD.failed_from) IS NULL THEN
      RAISE EXCEPTION 'no edge from % to %', OLD.status, NEW.status USING ERRCODE = 'IP001';
    END IF;
    NEW.failed_from := CASE WHEN NEW.status = 'failed' THEN OLD.status END;
  ELSIF NEW.failed_from IS DISTINCT FROM OLD.failed_from THEN
    RAISE EXCEPTION 'failed_from is written by the change of status' USING ERRCODE = 'IP001';
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER products_guard BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION guard_product();
--> statement-breakpoint

-- Ledger, history, outbox --------------------------------------------------------------------------------------------
-- The row lock is held until the commit, so the numbers of a seller's events are in commit order and without gaps.
CREATE FUNCTION move_in_ledger(seller uuid, from_status text, to_status text, bytes bigint, events int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  UPDATE seller_ledger SET
    uploading = uploading + (to_status IS NOT DISTINCT FROM 'uploading')::int - (from_status IS NOT DISTINCT FROM 'uploading')::int,
    processing = processing + (to_status IS NOT DISTINCT FROM 'processing')::int - (from_status IS NOT DISTINCT FROM 'processing')::int,
    ready = ready + (to_status IS NOT DISTINCT FROM 'ready')::int - (from_status IS NOT DISTINCT FROM 'ready')::int,
    publishing = publishing + (to_status IS NOT DISTINCT FROM 'publishing')::int - (from_status IS NOT DISTINCT FROM 'publishing')::int,
    published = published + (to_status IS NOT DISTINCT FROM 'published')::int - (from_status IS NOT DISTINCT FROM 'published')::int,
    failed = failed + (to_status IS NOT DISTINCT FROM 'failed')::int - (from_status IS NOT DISTINCT FROM 'failed')::int,
    image_bytes = image_bytes + bytes,
    last_event = last_event + events
  WHERE user_id = seller
  RETURNING last_event
$$;
--> statement-breakpoint
CREATE FUNCTION record_product() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  before_status text := CASE WHEN TG_OP <> 'INSERT' THEN OLD.status END;
  event_number bigint;
  why text := nullif(current_setting('intellipost.reason', true), '');
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM move_in_ledger(OLD.user_id, OLD.status, NULL, -OLD.image_bytes, 0);
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO seller_ledger (user_id) VALUES (NEW.user_id) ON CONFLICT DO NOTHING;
  ELSIF NEW.status = OLD.status THEN
    IF NEW.image_bytes <> OLD.image_bytes THEN
      PERFORM move_in_ledger(NEW.user_id, NULL, NULL, NEW.image_bytes - OLD.image_bytes, 0);
    END IF;
    RETURN NULL;
  END IF;
  event_number := move_in_ledger(NEW.user_id, before_status, NEW.status, 0, 1);
  INSERT INTO product_status_history (product_id, from_status, to_status, event, actor, reason) VALUES (
    NEW.id, before_status, NEW.status,
    CASE WHEN TG_OP = 'INSERT' THEN 'CREATE' ELSE lifecycle_event(before_status, NEW.status, OLD.failed_from) END,
    coalesce(nullif(current_setting('intellipost.actor', true), ''), 'sql:' || session_user), why);
  INSERT INTO product_events (user_id, number, product_id, type, data) VALUES (
    NEW.user_id, event_number, NEW.id, 'status_change',
    jsonb_strip_nulls(jsonb_build_object('product_id', NEW.id, 'status', NEW.status, 'message', why)));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER products_record AFTER INSERT OR UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION record_product();
--> statement-breakpoint
CREATE FUNCTION count_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  -- Of one product at a time and in order of id: two transactions never wait for each other crosswise.
  PERFORM 1 FROM products WHERE id IN (SELECT product_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
  IF TG_OP = 'INSERT' THEN
    UPDATE products p SET image_count = p.image_count + c.n, image_bytes = p.image_bytes + c.bytes
      FROM (SELECT product_id, count(*) AS n, sum(file_size_bytes) AS bytes FROM changed GROUP BY product_id) c
      WHERE p.id = c.product_id;
  ELSE
    UPDATE products p SET image_count = p.image_count - c.n, image_bytes = p.image_bytes - c.bytes
      FROM (SELECT product_id, count(*) AS n, sum(file_size_bytes) AS bytes FROM changed GROUP BY product_id) c
      WHERE p.id = c.product_id;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_images_count_added AFTER INSERT ON product_images REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_images();
--> statement-breakpoint
CREATE TRIGGER product_images_count_removed AFTER DELETE ON product_images REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_images();
--> statement-breakpoint

-- Images -------------------------------------------------------------------------------------------------------------
-- Positions change places within one statement, so the check waits for its end.
ALTER TABLE product_images DROP CONSTRAINT product_images_product_id_position_key;
--> statement-breakpoint
ALTER TABLE product_images ADD CONSTRAINT product_images_product_id_position_key
  UNIQUE (product_id, position) DEFERRABLE INITIALLY IMMEDIATE;
--> statement-breakpoint
-- An image stays with its product, its bytes and its size: anything else is a new image.
CREATE FUNCTION guard_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.product_id, NEW.sha256, NEW.file_size_bytes) IS DISTINCT FROM (OLD.id, OLD.product_id, OLD.sha256, OLD.file_size_bytes) THEN
    RAISE EXCEPTION 'an image keeps its product and its bytes' USING ERRCODE = 'IP003';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_images_guard BEFORE UPDATE ON product_images FOR EACH ROW EXECUTE FUNCTION guard_image();
--> statement-breakpoint
-- A product with images has exactly one primary, as seen at commit. The product's row is locked first: without that, an insert
-- and a delete side by side each see the other's primary and leave none.
CREATE FUNCTION require_one_primary() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  product uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.product_id ELSE NEW.product_id END;
  images int;
  primaries int;
BEGIN
  PERFORM 1 FROM products WHERE id = product FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT count(*), count(*) FILTER (WHERE is_primary) INTO images, primaries FROM product_images WHERE product_id = product;
  IF images > 0 AND primaries <> 1 THEN
    RAISE EXCEPTION 'a product with images has exactly one primary' USING ERRCODE = 'IP002';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER product_images_one_primary AFTER INSERT OR DELETE OR UPDATE OF is_primary, product_id ON product_images
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_one_primary();
--> statement-breakpoint

-- Journal ------------------------------------------------------------------------------------------------------------
-- A row that goes, by whatever path, leaves the deletion of its objects behind in the same transaction.
ALTER TABLE intents ALTER COLUMN id SET DEFAULT gen_random_uuid();
--> statement-breakpoint
CREATE FUNCTION journal_deletion(product uuid, url text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO intents (kind, product_id, prefix, state, expires_at)
  SELECT 'delete', product, substring(url from '^s3://[^/]+/(.*)$'), 'draining', now() WHERE url IS NOT NULL
$$;
--> statement-breakpoint
CREATE FUNCTION journal_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM journal_deletion(product_id, original_s3_url), journal_deletion(product_id, processed_s3_url) FROM gone;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_images_journal AFTER DELETE ON product_images REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION journal_images();
--> statement-breakpoint
CREATE FUNCTION journal_replaced_image() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.original_s3_url IS DISTINCT FROM OLD.original_s3_url THEN PERFORM journal_deletion(OLD.product_id, OLD.original_s3_url); END IF;
  IF NEW.processed_s3_url IS DISTINCT FROM OLD.processed_s3_url THEN PERFORM journal_deletion(OLD.product_id, OLD.processed_s3_url); END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_images_journal_replaced AFTER UPDATE OF original_s3_url, processed_s3_url ON product_images
  FOR EACH ROW EXECUTE FUNCTION journal_replaced_image();
--> statement-breakpoint
CREATE FUNCTION journal_variants() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM journal_deletion(NULL, s3_url) FROM gone;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER image_variants_journal AFTER DELETE ON image_variants REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION journal_variants();
--> statement-breakpoint
CREATE FUNCTION journal_replaced_variant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.s3_url IS DISTINCT FROM OLD.s3_url THEN PERFORM journal_deletion(NULL, OLD.s3_url); END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER image_variants_journal_replaced AFTER UPDATE OF s3_url ON image_variants
  FOR EACH ROW EXECUTE FUNCTION journal_replaced_variant();
--> statement-breakpoint
-- TRUNCATE would pass by the row triggers and leave the objects behind.
CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is emptied by DELETE, which journals its objects', TG_TABLE_NAME USING ERRCODE = 'IP003';
END $$;
--> statement-breakpoint
CREATE TRIGGER users_no_truncate BEFORE TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
CREATE TRIGGER products_no_truncate BEFORE TRUNCATE ON products FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
CREATE TRIGGER product_images_no_truncate BEFORE TRUNCATE ON product_images FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
CREATE TRIGGER image_variants_no_truncate BEFORE TRUNCATE ON image_variants FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
CREATE TRIGGER intents_no_truncate BEFORE TRUNCATE ON intents FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint

-- Rights -------------------------------------------------------------------------------------------------------------
REVOKE ALL ON FUNCTION move_in_ledger, journal_deletion, record_product, count_images, require_one_primary, journal_images,
  journal_replaced_image, journal_variants, journal_replaced_variant FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO intellipost_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON users, sessions, refresh_tokens, product_images, image_variants, intents, idempotency_keys TO intellipost_app;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON products TO intellipost_app;
--> statement-breakpoint
GRANT UPDATE (status, prompt_text, processing_started_at, processing_completed_at, processing_error, updated_at) ON products TO intellipost_app;
--> statement-breakpoint
GRANT SELECT ON product_status_history, product_events, seller_ledger TO intellipost_app;
