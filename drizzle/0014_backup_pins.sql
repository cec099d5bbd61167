CREATE TABLE "backup_digests" (
	"url" varchar(500) PRIMARY KEY NOT NULL,
	"sha256" char(64) NOT NULL,
	CONSTRAINT "backup_digests_sha256_check" CHECK ("backup_digests"."sha256" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "backup_pins" (
	"backup_id" uuid PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "backup_pins_expires_at_idx" ON "backup_pins" USING btree ("expires_at");