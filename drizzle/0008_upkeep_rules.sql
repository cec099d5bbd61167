-- What upkeep may do, and what it may not.

-- A product under legal hold stays, with its images and its seller, whoever asks.
CREATE FUNCTION keep_held_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a product under legal hold is not deleted' USING ERRCODE = 'IP004';
END $$;
--> statement-breakpoint
CREATE TRIGGER products_legal_hold BEFORE DELETE ON products FOR EACH ROW WHEN (OLD.legal_hold) EXECUTE FUNCTION keep_held_product();
--> statement-breakpoint
CREATE FUNCTION keep_held_image() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM products WHERE id = OLD.product_id AND legal_hold) THEN
    RAISE EXCEPTION 'an image of a product under legal hold is not deleted' USING ERRCODE = 'IP004';
  END IF;
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_images_legal_hold BEFORE DELETE ON product_images FOR EACH ROW EXECUTE FUNCTION keep_held_image();
--> statement-breakpoint

-- Rights -------------------------------------------------------------------------------------------------------------
GRANT SELECT, INSERT, UPDATE, DELETE ON maintenance_runs, audit_findings, quarantined_objects TO intellipost_app;
--> statement-breakpoint
GRANT USAGE ON SEQUENCE maintenance_runs_id_seq TO intellipost_app;
--> statement-breakpoint
GRANT UPDATE (legal_hold) ON products TO intellipost_app;
--> statement-breakpoint
-- History and events are forgotten by age alone, and only whole days old ones: nobody can unsay what has just happened.
CREATE FUNCTION forget_history(older_than interval, at_most int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH gone AS (
    DELETE FROM product_status_history WHERE id IN (
      SELECT h.id FROM product_status_history h JOIN products p ON p.id = h.product_id
      WHERE h.at < now() - greatest(older_than, interval '1 day') AND NOT p.legal_hold ORDER BY h.at LIMIT at_most)
    RETURNING 1)
  SELECT count(*) FROM gone
$$;
--> statement-breakpoint
CREATE FUNCTION forget_events(older_than interval, at_most int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH gone AS (
    DELETE FROM product_events WHERE (user_id, number) IN (
      SELECT user_id, number FROM product_events
      WHERE at < now() - greatest(older_than, interval '1 day') ORDER BY at LIMIT at_most)
    RETURNING 1)
  SELECT count(*) FROM gone
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION forget_history, forget_events FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION forget_history, forget_events TO intellipost_app;
