CREATE INDEX "work_items_put_back_idx" ON "work_items" USING btree ("phase","user_id","turn") WHERE "work_items"."state" = 'queued' and "work_items"."attempts" > 0;
--> statement-breakpoint
-- What comes back stands in the present turn and after it, and may stand behind its seller's last turn. So it says what the present turn is
-- as anything that is queued does, and a deletion gives turns back alone: it never moves the last one on.
CREATE OR REPLACE FUNCTION give_back_turn() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE work_turns SET last_turn = greatest(
    (SELECT max(turn) FROM work_items WHERE phase = OLD.phase AND user_id = OLD.user_id AND turn < OLD.turn),
    least(OLD.turn, (SELECT turn FROM work_items WHERE phase = OLD.phase AND state = 'queued' ORDER BY turn LIMIT 1)))
  WHERE phase = OLD.phase AND user_id = OLD.user_id AND last_turn = OLD.turn;
  RETURN NULL;
END $$;
