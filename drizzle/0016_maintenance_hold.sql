CREATE TABLE "maintenance_hold" (
	"is_held" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"reason" text NOT NULL,
	"held_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "maintenance_hold_one_row_check" CHECK ("maintenance_hold"."is_held")
);
--> statement-breakpoint
ALTER TABLE "seller_ledger" ADD COLUMN "event_floor" bigint DEFAULT 0 NOT NULL;