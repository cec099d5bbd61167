-- Of a direct upload that is completed, the product names copies. Every key that has had a presigned PUT is journalled by the
-- settling itself, superseded or not, so that it is deleted as long as a PUT may still come; no row names it.
-- A row that a server of the version before inserts after the settling keeps its object: what a row names is never drained.
CREATE OR REPLACE FUNCTION end_direct_upload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO intents (kind, product_id, prefix, state, expires_at, put_expires_at)
      SELECT 'delete', k.product_id, k.key, 'draining', now(), k.put_expires_at
      FROM direct_uploads d
      JOIN (SELECT product_id, key, put_expires_at FROM direct_upload_images
        UNION ALL SELECT product_id, key, put_expires_at FROM direct_upload_superseded) k ON k.product_id = d.product_id
      WHERE d.intent_id = OLD.id;
  ELSE
    DELETE FROM idempotency_keys k USING direct_uploads d
      WHERE d.intent_id = OLD.id AND k.user_id = d.user_id AND k.procedure = 'uploads.start' AND k.intent_id = OLD.id;
  END IF;
  DELETE FROM direct_uploads WHERE intent_id = OLD.id;
  RETURN NULL;
END $$;
