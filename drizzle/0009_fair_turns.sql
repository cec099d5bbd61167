CREATE TABLE "work_turns" (
	"phase" varchar(10) NOT NULL,
	"user_id" uuid NOT NULL,
	"last_turn" bigint NOT NULL,
	CONSTRAINT "work_turns_user_id_phase_pk" PRIMARY KEY("user_id","phase"),
	CONSTRAINT "work_turns_phase_check" CHECK ("work_turns"."phase" in ('processing', 'publishing'))
);
--> statement-breakpoint
DROP INDEX "work_items_seller_idx";--> statement-breakpoint
DROP INDEX "work_items_queue_idx";--> statement-breakpoint
ALTER TABLE "work_turns" ADD CONSTRAINT "work_turns_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "work_turns_last_turn_idx" ON "work_turns" USING btree ("phase","last_turn" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "work_items_queue_idx" ON "work_items" USING btree ("phase","turn","queued_at","product_id") WHERE "work_items"."state" = 'queued';