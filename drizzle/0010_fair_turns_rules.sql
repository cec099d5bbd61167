-- Fair turns also for those who send one product after the other.

INSERT INTO work_turns (phase, user_id, last_turn) SELECT phase, user_id, max(turn) FROM work_items GROUP BY phase, user_id;
--> statement-breakpoint
-- Fair queueing: an item goes into the turn after its seller's last, though nothing of it waits any more, and no turn begins before the
-- queue's. The row's lock makes two items of one seller wait for each other; its ledger's, taken before, does so already.
CREATE FUNCTION take_turn(of_phase text, seller uuid) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, public AS $$
  INSERT INTO work_turns AS mine (phase, user_id, last_turn) VALUES (of_phase, seller, coalesce(
    (SELECT min(turn) FROM work_items WHERE phase = of_phase AND state = 'queued'),
    (SELECT max(last_turn) FROM work_turns WHERE phase = of_phase),
    0))
  ON CONFLICT (user_id, phase) DO UPDATE SET last_turn = greatest(excluded.last_turn, mine.last_turn + 1)
  RETURNING last_turn
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION queue_work() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF OLD.status IN ('processing', 'publishing') THEN
    DELETE FROM work_items WHERE product_id = NEW.id;
    UPDATE work_leases SET state = 'lost', ended_at = now() WHERE product_id = NEW.id AND state = 'live';
  END IF;
  IF NEW.status IN ('processing', 'publishing') THEN
    INSERT INTO work_items (product_id, user_id, phase, turn)
      VALUES (NEW.id, NEW.user_id, NEW.status, take_turn(NEW.status, NEW.user_id));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
DROP FUNCTION next_turn;
--> statement-breakpoint
REVOKE ALL ON FUNCTION take_turn FROM PUBLIC;
