-- Direct uploads: their rows live as long as their intent is open, and whoever removes a key says until when a PUT may still come.

-- Journal ------------------------------------------------------------------------------------------------------------
-- A presigned PUT that has not expired could bring the object back: the tombstone has to outlast it. Where the row that names the
-- product is gone already (variants, by cascade), the key itself tells it.
CREATE FUNCTION journal_deletion(product uuid, url text, put_expires_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO intents (kind, product_id, prefix, state, expires_at, put_expires_at)
  SELECT 'delete',
    coalesce(product, substring(url from '^s3://[^/]+/products/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/')::uuid),
    substring(url from '^s3://[^/]+/(.*)$'), 'draining', now(), put_expires_at
  WHERE url IS NOT NULL
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION journal_images() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM journal_deletion(product_id, original_s3_url, put_expires_at), journal_deletion(product_id, processed_s3_url, NULL)
    FROM gone;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION journal_replaced_image() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.original_s3_url IS DISTINCT FROM OLD.original_s3_url THEN
    PERFORM journal_deletion(OLD.product_id, OLD.original_s3_url, OLD.put_expires_at);
  END IF;
  IF NEW.processed_s3_url IS DISTINCT FROM OLD.processed_s3_url THEN
    PERFORM journal_deletion(OLD.product_id, OLD.processed_s3_url, NULL);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION journal_variants() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM journal_deletion(NULL, s3_url, NULL) FROM gone;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION journal_replaced_variant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF NEW.s3_url IS DISTINCT FROM OLD.s3_url THEN PERFORM journal_deletion(NULL, OLD.s3_url, NULL); END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
DROP FUNCTION journal_deletion(uuid, text);
--> statement-breakpoint
-- The time belongs to the key: a new key has had no presigned PUT unless the same statement says so.
CREATE OR REPLACE FUNCTION guard_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.product_id, NEW.sha256, NEW.file_size_bytes) IS DISTINCT FROM (OLD.id, OLD.product_id, OLD.sha256, OLD.file_size_bytes) THEN
    RAISE EXCEPTION 'an image keeps its product and its bytes' USING ERRCODE = 'IP003';
  END IF;
  IF NEW.original_s3_url IS DISTINCT FROM OLD.original_s3_url AND NEW.put_expires_at IS NOT DISTINCT FROM OLD.put_expires_at THEN
    NEW.put_expires_at := NULL;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint

-- Direct uploads -----------------------------------------------------------------------------------------------------
-- The intent was open and is not any more. Settled (deleted by the commit that made the product): what was superseded on the way
-- lies under a prefix that nobody drains, so it is journalled key by key. Claimed (aborted, expired): the prefix is drained as a
-- whole, and the Idempotency-Key is free again, as that of any refused request.
CREATE FUNCTION end_direct_upload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO intents (kind, product_id, prefix, state, expires_at, put_expires_at)
      SELECT 'delete', s.product_id, s.key, 'draining', now(), s.put_expires_at
      FROM direct_upload_superseded s JOIN direct_uploads d ON d.product_id = s.product_id WHERE d.intent_id = OLD.id;
  ELSE
    DELETE FROM idempotency_keys k USING direct_uploads d
      WHERE d.intent_id = OLD.id AND k.user_id = d.user_id AND k.procedure = 'uploads.start' AND k.intent_id = OLD.id;
  END IF;
  DELETE FROM direct_uploads WHERE intent_id = OLD.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER intents_end_direct_upload_claimed AFTER UPDATE OF state ON intents FOR EACH ROW
  WHEN (OLD.kind = 'direct' AND OLD.state = 'open' AND NEW.state <> 'open') EXECUTE FUNCTION end_direct_upload();
--> statement-breakpoint
CREATE TRIGGER intents_end_direct_upload_settled AFTER DELETE ON intents FOR EACH ROW
  WHEN (OLD.kind = 'direct' AND OLD.state = 'open') EXECUTE FUNCTION end_direct_upload();
--> statement-breakpoint
-- The row went first: with its seller, or by hand. Its objects go with the next drain, not after a day.
CREATE FUNCTION claim_direct_intent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE intents SET state = 'draining' WHERE id = OLD.intent_id AND state = 'open';
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER direct_uploads_claim_intent AFTER DELETE ON direct_uploads FOR EACH ROW EXECUTE FUNCTION claim_direct_intent();
--> statement-breakpoint
CREATE TRIGGER direct_uploads_no_truncate BEFORE TRUNCATE ON direct_uploads FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint

-- Rights -------------------------------------------------------------------------------------------------------------
REVOKE ALL ON FUNCTION journal_deletion, end_direct_upload, claim_direct_intent FROM PUBLIC;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON direct_uploads, direct_upload_images, direct_upload_superseded TO intellipost_app;
