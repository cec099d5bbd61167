CREATE TABLE "refresh_tokens" (
	"token_hash" varchar(64) PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"spent_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	"ip" "inet",
	"user_agent" varchar(400)
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"email" varchar(254) NOT NULL,
	"password_hash" text NOT NULL,
	"first_name" varchar(100),
	"last_name" varchar(100),
	"role" varchar(10) DEFAULT 'seller' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_role_check" CHECK ("users"."role" in ('seller', 'worker', 'admin'))
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"user_id" uuid NOT NULL,
	"procedure" varchar(60) NOT NULL,
	"key" varchar(255) NOT NULL,
	"intent_id" uuid NOT NULL,
	"fingerprint" char(64),
	"answer" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_user_id_procedure_key_pk" PRIMARY KEY("user_id","procedure","key"),
	CONSTRAINT "idempotency_keys_done_check" CHECK (("idempotency_keys"."answer" is null) = ("idempotency_keys"."fingerprint" is null))
);
--> statement-breakpoint
CREATE TABLE "intents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" varchar(20) NOT NULL,
	"product_id" uuid,
	"prefix" varchar(1024) NOT NULL,
	"state" varchar(10) DEFAULT 'open' NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"put_expires_at" timestamp (3) with time zone,
	"tombstone_until" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "intents_state_check" CHECK ("intents"."state" in ('open', 'draining', 'tombstone')),
	CONSTRAINT "intents_tombstone_check" CHECK (("intents"."state" = 'tombstone') = ("intents"."tombstone_until" is not null))
);
--> statement-breakpoint
CREATE TABLE "product_events" (
	"user_id" uuid NOT NULL,
	"number" bigint NOT NULL,
	"product_id" uuid NOT NULL,
	"type" varchar(30) NOT NULL,
	"data" jsonb NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "product_events_user_id_number_pk" PRIMARY KEY("user_id","number")
);
--> statement-breakpoint
CREATE TABLE "product_status_history" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"product_id" uuid NOT NULL,
	"from_status" varchar(20),
	"to_status" varchar(20) NOT NULL,
	"event" varchar(20) NOT NULL,
	"actor" text NOT NULL,
	"reason" text,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seller_ledger" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"uploading" integer DEFAULT 0 NOT NULL,
	"processing" integer DEFAULT 0 NOT NULL,
	"ready" integer DEFAULT 0 NOT NULL,
	"publishing" integer DEFAULT 0 NOT NULL,
	"published" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"image_bytes" bigint DEFAULT 0 NOT NULL,
	"last_event" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "image_variants" (
	"image_id" uuid NOT NULL,
	"variant" varchar(10) NOT NULL,
	"s3_url" varchar(500) NOT NULL,
	"sha256" char(64) NOT NULL,
	"file_size_bytes" integer NOT NULL,
	"resolution_width" integer NOT NULL,
	"resolution_height" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "image_variants_image_id_variant_pk" PRIMARY KEY("image_id","variant"),
	CONSTRAINT "image_variants_variant_check" CHECK ("image_variants"."variant" in ('thumb', 'model'))
);
--> statement-breakpoint
CREATE TABLE "product_images" (
	"id" uuid PRIMARY KEY NOT NULL,
	"product_id" uuid NOT NULL,
	"original_s3_url" varchar(500) NOT NULL,
	"processed_s3_url" varchar(500),
	"sha256" char(64) NOT NULL,
	"file_size_bytes" integer NOT NULL,
	"file_format" varchar(10) NOT NULL,
	"resolution_width" integer NOT NULL,
	"resolution_height" integer NOT NULL,
	"position" smallint NOT NULL,
	"is_primary" boolean DEFAULT false NOT NULL,
	"processing_metadata" jsonb,
	"uploaded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"processed_at" timestamp (3) with time zone,
	CONSTRAINT "product_images_product_id_position_key" UNIQUE("product_id","position"),
	CONSTRAINT "product_images_file_size_bytes_check" CHECK ("product_images"."file_size_bytes" > 0),
	CONSTRAINT "product_images_file_format_check" CHECK ("product_images"."file_format" in ('jpeg', 'png')),
	CONSTRAINT "product_images_resolution_check" CHECK ("product_images"."resolution_width" > 0 and "product_images"."resolution_height" > 0),
	CONSTRAINT "product_images_position_check" CHECK ("product_images"."position" >= 0),
	CONSTRAINT "product_images_sha256_check" CHECK ("product_images"."sha256" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "product_images_original_s3_url_check" CHECK ("product_images"."original_s3_url" ~ '^s3://[^/]+/.+$')
);
--> statement-breakpoint
CREATE TABLE "products" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"status" varchar(20) DEFAULT 'uploading' NOT NULL,
	"prompt_text" text NOT NULL,
	"image_count" integer DEFAULT 0 NOT NULL,
	"image_bytes" bigint DEFAULT 0 NOT NULL,
	"failed_from" varchar(20),
	"processing_started_at" timestamp (3) with time zone,
	"processing_completed_at" timestamp (3) with time zone,
	"processing_error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "products_status_check" CHECK ("products"."status" in ('uploading', 'processing', 'ready', 'publishing', 'published', 'failed')),
	CONSTRAINT "products_failed_from_check" CHECK (("products"."status" = 'failed') = ("products"."failed_from" is not null)),
	CONSTRAINT "products_prompt_text_check" CHECK (char_length("products"."prompt_text") between 10 and 500)
);
--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "product_events" ADD CONSTRAINT "product_events_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "product_status_history" ADD CONSTRAINT "product_status_history_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "seller_ledger" ADD CONSTRAINT "seller_ledger_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "image_variants" ADD CONSTRAINT "image_variants_image_id_product_images_id_fk" FOREIGN KEY ("image_id") REFERENCES "public"."product_images"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "product_images" ADD CONSTRAINT "product_images_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products" ADD CONSTRAINT "products_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "refresh_tokens_session_id_idx" ON "refresh_tokens" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "refresh_tokens_expires_at_idx" ON "refresh_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "sessions_user_id_idx" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" USING btree (lower("email"));--> statement-breakpoint
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "intents_state_expires_at_idx" ON "intents" USING btree ("state","expires_at");--> statement-breakpoint
CREATE INDEX "intents_prefix_idx" ON "intents" USING btree ("prefix" collate "C");--> statement-breakpoint
CREATE INDEX "product_status_history_product_id_idx" ON "product_status_history" USING btree ("product_id","id");--> statement-breakpoint
CREATE INDEX "image_variants_s3_url_idx" ON "image_variants" USING btree ("s3_url" collate "C");--> statement-breakpoint
CREATE UNIQUE INDEX "product_images_one_primary_idx" ON "product_images" USING btree ("product_id") WHERE "product_images"."is_primary";--> statement-breakpoint
CREATE INDEX "product_images_original_s3_url_idx" ON "product_images" USING btree ("original_s3_url" collate "C");--> statement-breakpoint
CREATE INDEX "products_user_id_created_at_id_idx" ON "products" USING btree ("user_id","created_at" desc,"id" desc);--> statement-breakpoint
CREATE INDEX "products_user_id_status_created_at_id_idx" ON "products" USING btree ("user_id","status","created_at" desc,"id" desc);--> statement-breakpoint
CREATE INDEX "products_status_created_at_idx" ON "products" USING btree ("status","created_at");