-- What clients may send, and what sellers may keep.

-- Rates --------------------------------------------------------------------------------------------------------------
-- Counts of a minute: not worth a log, and after a crash everybody begins anew.
ALTER TABLE rate_limits SET UNLOGGED;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits TO intellipost_app;
--> statement-breakpoint

-- Quotas -------------------------------------------------------------------------------------------------------------
-- Asked where the ledger's row is locked until the commit, so that of many at once exactly as many pass as there is room for. They are
-- what the transaction says (intellipost.quota_products, intellipost.quota_bytes); whoever writes without, such as an operator, has none.
CREATE OR REPLACE FUNCTION move_in_ledger(seller uuid, from_status text, to_status text, bytes bigint, events int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  moved seller_ledger%ROWTYPE;
  most_products bigint := nullif(current_setting('intellipost.quota_products', true), '');
  most_bytes bigint := nullif(current_setting('intellipost.quota_bytes', true), '');
BEGIN
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
  RETURNING * INTO moved;
  IF from_status IS NULL AND to_status IS NOT NULL
    AND moved.uploading + moved.processing + moved.ready + moved.publishing + moved.published + moved.failed > most_products THEN
    RAISE EXCEPTION 'the seller has as many products as it may have' USING ERRCODE = 'IP005', CONSTRAINT = 'products';
  END IF;
  IF bytes > 0 AND moved.image_bytes > most_bytes THEN
    RAISE EXCEPTION 'the seller has as many bytes as it may have' USING ERRCODE = 'IP005', CONSTRAINT = 'bytes';
  END IF;
  RETURN moved.last_event;
END $$;
