CREATE TABLE "realtime_tickets" (
	"token_hash" char(64) PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"session_id" uuid,
	"role" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"token_expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "work_items" (
	"product_id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"phase" varchar(10) NOT NULL,
	"state" varchar(8) DEFAULT 'queued' NOT NULL,
	"turn" bigint NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone,
	"queued_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "work_items_phase_check" CHECK ("work_items"."phase" in ('processing', 'publishing')),
	CONSTRAINT "work_items_state_check" CHECK ("work_items"."state" in ('queued', 'leased', 'waiting')),
	CONSTRAINT "work_items_due_at_check" CHECK (("work_items"."state" = 'queued') = ("work_items"."due_at" is null))
);
--> statement-breakpoint
CREATE TABLE "work_leases" (
	"id" uuid PRIMARY KEY NOT NULL,
	"product_id" uuid NOT NULL,
	"phase" varchar(10) NOT NULL,
	"holder_id" uuid NOT NULL,
	"worker" varchar(200) NOT NULL,
	"state" varchar(10) DEFAULT 'live' NOT NULL,
	"attempt" smallint NOT NULL,
	"lease_seconds" integer NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"answer" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "work_leases_phase_check" CHECK ("work_leases"."phase" in ('processing', 'publishing')),
	CONSTRAINT "work_leases_state_check" CHECK ("work_leases"."state" in ('live', 'completed', 'failed', 'lost')),
	CONSTRAINT "work_leases_ended_at_check" CHECK (("work_leases"."state" = 'live') = ("work_leases"."ended_at" is null))
);
--> statement-breakpoint
CREATE TABLE "work_results" (
	"key" varchar(500) PRIMARY KEY NOT NULL,
	"lease_id" uuid NOT NULL,
	"image_id" uuid NOT NULL,
	"content_type" varchar(20) NOT NULL,
	"file_size_bytes" integer NOT NULL,
	"sha256" char(64) NOT NULL,
	"put_expires_at" timestamp (3) with time zone NOT NULL,
	"superseded" boolean DEFAULT false NOT NULL,
	CONSTRAINT "work_results_file_size_bytes_check" CHECK ("work_results"."file_size_bytes" > 0),
	CONSTRAINT "work_results_sha256_check" CHECK ("work_results"."sha256" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
ALTER TABLE "product_images" ADD COLUMN "prepared_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "realtime_tickets" ADD CONSTRAINT "realtime_tickets_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "work_items" ADD CONSTRAINT "work_items_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "work_leases" ADD CONSTRAINT "work_leases_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "work_leases" ADD CONSTRAINT "work_leases_holder_id_users_id_fk" FOREIGN KEY ("holder_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "work_results" ADD CONSTRAINT "work_results_lease_id_fk" FOREIGN KEY ("lease_id") REFERENCES "public"."work_leases"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "realtime_tickets_expires_at_idx" ON "realtime_tickets" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "work_items_queue_idx" ON "work_items" USING btree ("phase","turn","product_id") WHERE "work_items"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "work_items_seller_idx" ON "work_items" USING btree ("phase","user_id","turn") WHERE "work_items"."state" = 'queued';--> statement-breakpoint
CREATE INDEX "work_items_due_idx" ON "work_items" USING btree ("phase","due_at") WHERE "work_items"."state" <> 'queued';--> statement-breakpoint
CREATE UNIQUE INDEX "work_leases_one_live_idx" ON "work_leases" USING btree ("product_id") WHERE "work_leases"."state" = 'live';--> statement-breakpoint
CREATE INDEX "work_leases_product_id_idx" ON "work_leases" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "work_leases_holder_id_idx" ON "work_leases" USING btree ("holder_id");--> statement-breakpoint
CREATE INDEX "work_leases_completed_idx" ON "work_leases" USING btree ("phase","ended_at") WHERE "work_leases"."state" = 'completed';--> statement-breakpoint
CREATE UNIQUE INDEX "work_results_current_idx" ON "work_results" USING btree ("lease_id","image_id") WHERE not "work_results"."superseded";--> statement-breakpoint
CREATE INDEX "product_images_unprepared_idx" ON "product_images" USING btree ("product_id") WHERE "product_images"."prepared_at" is null;