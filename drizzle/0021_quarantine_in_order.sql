ALTER TABLE "quarantined_objects" DROP CONSTRAINT "quarantined_objects_state_check";--> statement-breakpoint
DROP INDEX "quarantined_objects_quarantine_key_idx";--> statement-breakpoint
CREATE INDEX "quarantined_objects_key_idx" ON "quarantined_objects" USING btree ("key" collate "C");--> statement-breakpoint
CREATE UNIQUE INDEX "quarantined_objects_quarantine_key_idx" ON "quarantined_objects" USING btree ("quarantine_key" collate "C");--> statement-breakpoint
ALTER TABLE "quarantined_objects" ADD CONSTRAINT "quarantined_objects_state_check" CHECK ("quarantined_objects"."state" in ('moving', 'held', 'releasing', 'released', 'expiring'));
