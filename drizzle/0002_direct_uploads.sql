CREATE TABLE "direct_upload_images" (
	"image_id" uuid PRIMARY KEY NOT NULL,
	"product_id" uuid NOT NULL,
	"position" smallint NOT NULL,
	"is_primary" boolean NOT NULL,
	"content_type" varchar(20) NOT NULL,
	"file_size_bytes" integer NOT NULL,
	"sha256" char(64) NOT NULL,
	"key" varchar(500) NOT NULL,
	"put_expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "direct_upload_images_product_id_position_key" UNIQUE("product_id","position"),
	CONSTRAINT "direct_upload_images_content_type_check" CHECK ("direct_upload_images"."content_type" in ('image/jpeg', 'image/png')),
	CONSTRAINT "direct_upload_images_file_size_bytes_check" CHECK ("direct_upload_images"."file_size_bytes" > 0),
	CONSTRAINT "direct_upload_images_sha256_check" CHECK ("direct_upload_images"."sha256" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "direct_upload_superseded" (
	"key" varchar(500) PRIMARY KEY NOT NULL,
	"product_id" uuid NOT NULL,
	"put_expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "direct_uploads" (
	"product_id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"intent_id" uuid NOT NULL,
	"prompt_text" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "direct_uploads_prompt_text_check" CHECK (char_length("direct_uploads"."prompt_text") between 10 and 500)
);
--> statement-breakpoint
ALTER TABLE "product_images" ADD COLUMN "put_expires_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "direct_upload_images" ADD CONSTRAINT "direct_upload_images_product_id_direct_uploads_product_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."direct_uploads"("product_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "direct_upload_superseded" ADD CONSTRAINT "direct_upload_superseded_product_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."direct_uploads"("product_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "direct_uploads" ADD CONSTRAINT "direct_uploads_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "direct_upload_images_one_primary_idx" ON "direct_upload_images" USING btree ("product_id") WHERE "direct_upload_images"."is_primary";--> statement-breakpoint
CREATE INDEX "direct_upload_superseded_product_id_idx" ON "direct_upload_superseded" USING btree ("product_id");--> statement-breakpoint
CREATE UNIQUE INDEX "direct_uploads_intent_id_idx" ON "direct_uploads" USING btree ("intent_id");--> statement-breakpoint
CREATE INDEX "direct_uploads_user_id_idx" ON "direct_uploads" USING btree ("user_id");