-- Turns of products that never came are given back.

-- The seller's next product is in the turn after what it still has waiting, and not before the queue's present turn: of what is served
-- already none is given out a second time. What was put back stands before the present turn and says nothing of it. After the row, not
-- before it: the seller's ledger is locked by then, as it is for whoever takes a turn, so the two cannot wait for each other.
CREATE FUNCTION give_back_turn() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE work_turns SET last_turn = greatest(
    (SELECT max(turn) FROM work_items WHERE phase = OLD.phase AND user_id = OLD.user_id),
    least(OLD.turn, (
      SELECT turn FROM work_items WHERE phase = OLD.phase AND state = 'queued' AND attempts = 0 ORDER BY turn LIMIT 1)))
  WHERE phase = OLD.phase AND user_id = OLD.user_id AND last_turn = OLD.turn;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER work_items_give_back_turn AFTER DELETE ON work_items FOR EACH ROW
  WHEN (OLD.state = 'queued' AND OLD.attempts = 0) EXECUTE FUNCTION give_back_turn();
--> statement-breakpoint
REVOKE ALL ON FUNCTION give_back_turn FROM PUBLIC;
