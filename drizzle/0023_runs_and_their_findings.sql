ALTER TABLE "maintenance_runs" ADD COLUMN "findings_run_id" bigint;--> statement-breakpoint
ALTER TABLE "maintenance_runs" ADD CONSTRAINT "maintenance_runs_findings_run_id_maintenance_runs_id_fk" FOREIGN KEY ("findings_run_id") REFERENCES "public"."maintenance_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "maintenance_runs_task_outcome_started_at_idx" ON "maintenance_runs" USING btree ("task","outcome","started_at" desc,"id" desc) WHERE not "maintenance_runs"."dry_run";--> statement-breakpoint
CREATE INDEX "maintenance_runs_task_cursor_idx" ON "maintenance_runs" USING btree ("task","started_at" desc) WHERE "maintenance_runs"."cursor" is not null;--> statement-breakpoint
CREATE INDEX "maintenance_runs_findings_run_id_idx" ON "maintenance_runs" USING btree ("findings_run_id") WHERE "maintenance_runs"."findings_run_id" is not null;
