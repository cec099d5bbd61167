CREATE TABLE "audit_findings" (
	"run_id" bigint NOT NULL,
	"key" varchar(1024) NOT NULL,
	"kind" varchar(12) NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"state" varchar(12) DEFAULT 'found' NOT NULL,
	"found_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_findings_run_id_key_pk" PRIMARY KEY("run_id","key"),
	CONSTRAINT "audit_findings_kind_check" CHECK ("audit_findings"."kind" in ('orphan', 'missing', 'wrong_size', 'wrong_sha256')),
	CONSTRAINT "audit_findings_state_check" CHECK ("audit_findings"."state" in ('found', 'cleared', 'quarantined', 'reported'))
);
--> statement-breakpoint
CREATE TABLE "maintenance_runs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"task" varchar(20) NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"outcome" varchar(10),
	"dry_run" boolean DEFAULT false NOT NULL,
	"counts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"cursor" text,
	"error" text,
	CONSTRAINT "maintenance_runs_outcome_check" CHECK ("maintenance_runs"."outcome" in ('ok', 'failed', 'stopped')),
	CONSTRAINT "maintenance_runs_ended_at_check" CHECK (("maintenance_runs"."ended_at" is null) = ("maintenance_runs"."outcome" is null))
);
--> statement-breakpoint
CREATE TABLE "quarantined_objects" (
	"key" varchar(1024) PRIMARY KEY NOT NULL,
	"quarantine_key" varchar(1024) NOT NULL,
	"file_size_bytes" bigint NOT NULL,
	"sha256" char(64),
	"state" varchar(10) DEFAULT 'moving' NOT NULL,
	"reason" text NOT NULL,
	"quarantined_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quarantined_objects_state_check" CHECK ("quarantined_objects"."state" in ('moving', 'held', 'releasing', 'expiring'))
);
--> statement-breakpoint
ALTER TABLE "product_images" ADD COLUMN "damaged_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "legal_hold" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_findings" ADD CONSTRAINT "audit_findings_run_id_maintenance_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."maintenance_runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "maintenance_runs_task_started_at_idx" ON "maintenance_runs" USING btree ("task","started_at" desc);--> statement-breakpoint
CREATE UNIQUE INDEX "quarantined_objects_quarantine_key_idx" ON "quarantined_objects" USING btree ("quarantine_key");--> statement-breakpoint
CREATE INDEX "quarantined_objects_state_quarantined_at_idx" ON "quarantined_objects" USING btree ("state","quarantined_at");--> statement-breakpoint
CREATE INDEX "product_events_at_idx" ON "product_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "product_status_history_at_idx" ON "product_status_history" USING btree ("at");--> statement-breakpoint
CREATE INDEX "product_images_damaged_idx" ON "product_images" USING btree ("product_id") WHERE "product_images"."damaged_at" is not null;--> statement-breakpoint
CREATE INDEX "product_images_processed_s3_url_idx" ON "product_images" USING btree ("processed_s3_url" collate "C") WHERE "product_images"."processed_s3_url" is not null;