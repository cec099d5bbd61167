-- What moves a product after its upload: the work queue that follows its status, and the events that tell of it.

-- Status -------------------------------------------------------------------------------------------------------------
-- What goes with a change of status is written with it, whoever changes it.
CREATE OR REPLACE FUNCTION guard_product() RETURNS trigger LANGUAGE plpgsql AS $$
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
    NEW.processing_error := CASE WHEN NEW.status = 'failed' THEN nullif(current_setting('intellipost.reason', true), '') END;
    IF NEW.status = 'processing' THEN
      NEW.processing_started_at := NULL;
      NEW.processing_completed_at := NULL;
    ELSIF OLD.status = 'processing' THEN
      NEW.processing_completed_at := now();
    END IF;
  ELSIF NEW.failed_from IS DISTINCT FROM OLD.failed_from THEN
    RAISE EXCEPTION 'failed_from is written by the change of status' USING ERRCODE = 'IP001';
  END IF;
  NEW.updated_at := now();
  RETURN NEW;
END $$;
--> statement-breakpoint

-- Events -------------------------------------------------------------------------------------------------------------
-- Each change of status is one event; where it ends a phase, well or badly, a second one says so.
CREATE OR REPLACE FUNCTION record_product() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  before_status text := CASE WHEN TG_OP <> 'INSERT' THEN OLD.status END;
  event text;
  second_type text;
  second_data jsonb;
  event_number bigint;
  why text := nullif(current_setting('intellipost.reason', true), '');
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM move_in_ledger(OLD.user_id, OLD.status, NULL, -OLD.image_bytes, 0);
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO seller_ledger (user_id) VALUES (NEW.user_id) ON CONFLICT DO NOTHING;
    event := 'CREATE';
  ELSIF NEW.status = OLD.status THEN
    IF NEW.image_bytes <> OLD.image_bytes THEN
      PERFORM move_in_ledger(NEW.user_id, NULL, NULL, NEW.image_bytes - OLD.image_bytes, 0);
    END IF;
    RETURN NULL;
  ELSE
    event := lifecycle_event(before_status, NEW.status, OLD.failed_from);
  END IF;
  second_type := CASE event WHEN 'COMPLETE' THEN 'processing_complete' WHEN 'PUBLISHED' THEN 'publishing_complete' WHEN 'FAIL' THEN 'error' END;
  IF second_type = 'error' THEN
    second_data := jsonb_build_object(
      'product_id', NEW.id,
      'error_type', coalesce(nullif(current_setting('intellipost.error_type', true), ''), before_status || '_failed'),
      'error_message', coalesce(why, 'It failed.'),
      'retry_available', before_status IN ('processing', 'publishing'));
  ELSIF second_type IS NOT NULL THEN
    second_data := jsonb_build_object('product_id', NEW.id);
  END IF;
  event_number := move_in_ledger(NEW.user_id, before_status, NEW.status, 0, 1 + (second_type IS NOT NULL)::int);
  IF second_type IS NOT NULL THEN event_number := event_number - 1; END IF;
  INSERT INTO product_status_history (product_id, from_status, to_status, event, actor, reason) VALUES (
    NEW.id, before_status, NEW.status, event,
    coalesce(nullif(current_setting('intellipost.actor', true), ''), 'sql:' || session_user), why);
  INSERT INTO product_events (user_id, number, product_id, type, data) VALUES (
    NEW.user_id, event_number, NEW.id, 'status_change',
    jsonb_strip_nulls(jsonb_build_object('product_id', NEW.id, 'status', NEW.status, 'message', why)));
  IF second_type IS NOT NULL THEN
    INSERT INTO product_events (user_id, number, product_id, type, data)
      VALUES (NEW.user_id, event_number + 1, NEW.id, second_type, second_data);
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
-- A worker's progress: an event without a change of status. The application may write events in no other way.
CREATE FUNCTION record_progress(product uuid, progress int, message text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  seller uuid;
  current_status text;
BEGIN
  SELECT user_id, status INTO seller, current_status FROM products WHERE id = product;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO product_events (user_id, number, product_id, type, data) VALUES (
    seller, move_in_ledger(seller, NULL, NULL, 0, 1), product, 'status_change',
    jsonb_strip_nulls(jsonb_build_object('product_id', product, 'status', current_status, 'progress', progress, 'message', message)));
END $$;
--> statement-breakpoint
-- Wakes whoever listens, when the transaction commits: `{user id} {event number}`.
CREATE FUNCTION announce_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('product_events', NEW.user_id || ' ' || NEW.number);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER product_events_announce AFTER INSERT ON product_events FOR EACH ROW EXECUTE FUNCTION announce_event();
--> statement-breakpoint

-- Work queue ---------------------------------------------------------------------------------------------------------
-- Fair queueing: an item goes into the first turn in which its seller has none yet, and no turn begins before the queue's.
CREATE FUNCTION next_turn(of_phase text, seller uuid) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT greatest(
    coalesce((SELECT min(turn) FROM work_items WHERE phase = of_phase AND state = 'queued'), 0),
    coalesce((SELECT max(turn) + 1 FROM work_items WHERE phase = of_phase AND state = 'queued' AND user_id = seller), 0))
$$;
--> statement-breakpoint
-- A product is in the queue exactly while it is in `processing` or `publishing`; a lease does not outlive the status it was given in.
CREATE FUNCTION queue_work() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF OLD.status IN ('processing', 'publishing') THEN
    DELETE FROM work_items WHERE product_id = NEW.id;
    UPDATE work_leases SET state = 'lost', ended_at = now() WHERE product_id = NEW.id AND state = 'live';
  END IF;
  IF NEW.status IN ('processing', 'publishing') THEN
    INSERT INTO work_items (product_id, user_id, phase, turn)
      VALUES (NEW.id, NEW.user_id, NEW.status, next_turn(NEW.status, NEW.user_id));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER products_work AFTER UPDATE OF status ON products FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION queue_work();
--> statement-breakpoint
INSERT INTO work_items (product_id, user_id, phase, turn)
  SELECT id, user_id, status, row_number() OVER (PARTITION BY user_id, status ORDER BY created_at, id) - 1
  FROM products WHERE status IN ('processing', 'publishing');
--> statement-breakpoint
-- A lease that ends otherwise than by completion leaves nothing: what was stored under it goes with the next drain.
CREATE FUNCTION claim_lease_intent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  UPDATE intents SET state = 'draining' WHERE id = OLD.id AND state = 'open';
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER work_leases_claim_intent AFTER UPDATE OF state ON work_leases FOR EACH ROW
  WHEN (OLD.state = 'live' AND NEW.state IN ('lost', 'failed')) EXECUTE FUNCTION claim_lease_intent();
--> statement-breakpoint
CREATE TRIGGER work_leases_claim_intent_gone AFTER DELETE ON work_leases FOR EACH ROW EXECUTE FUNCTION claim_lease_intent();
--> statement-breakpoint
CREATE TRIGGER work_items_no_truncate BEFORE TRUNCATE ON work_items FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
CREATE TRIGGER work_leases_no_truncate BEFORE TRUNCATE ON work_leases FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint

-- Rights -------------------------------------------------------------------------------------------------------------
REVOKE ALL ON FUNCTION record_progress, queue_work, claim_lease_intent FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION record_progress TO intellipost_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON work_leases, work_results, realtime_tickets TO intellipost_app;
--> statement-breakpoint
-- Rows of the queue come and go with the status alone.
GRANT SELECT ON work_items TO intellipost_app;
--> statement-breakpoint
GRANT UPDATE (state, turn, attempts, due_at) ON work_items TO intellipost_app;
