-- A product under legal hold keeps its processed images, too: a new result would take the place of what is to be kept.

-- Before the work is begun: a worker's result for it could only be refused. A product that has no processed image yet loses nothing.
CREATE FUNCTION keep_held_results() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM product_images WHERE product_id = OLD.id AND processed_s3_url IS NOT NULL) THEN
    RAISE EXCEPTION 'a product under legal hold is not processed again' USING ERRCODE = 'IP004';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER products_legal_hold_processing BEFORE UPDATE OF status ON products FOR EACH ROW
  WHEN (OLD.legal_hold AND OLD.status IN ('ready', 'failed') AND NEW.status = 'processing') EXECUTE FUNCTION keep_held_results();
--> statement-breakpoint
-- Work that was begun before the hold, and whoever else writes. A re-key names the same bytes, by their digest, under another key.
CREATE FUNCTION keep_held_result() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM products WHERE id = OLD.product_id AND legal_hold) THEN
    RAISE EXCEPTION 'a processed image of a product under legal hold is not replaced' USING ERRCODE = 'IP004';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_images_legal_hold_result BEFORE UPDATE OF processed_s3_url ON product_images FOR EACH ROW
  WHEN (OLD.processed_s3_url IS NOT NULL AND OLD.processed_s3_url IS DISTINCT FROM NEW.processed_s3_url
    AND (NEW.processed_s3_url IS NULL OR OLD.processed_sha256 IS DISTINCT FROM NEW.processed_sha256))
  EXECUTE FUNCTION keep_held_result();
