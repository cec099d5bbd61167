CREATE TABLE "seller_credentials" (
	"user_id" uuid NOT NULL,
	"provider" varchar(20) NOT NULL,
	"key_id" varchar(16) NOT NULL,
	"wrapped_key" "bytea" NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "seller_credentials_user_id_provider_pk" PRIMARY KEY("user_id","provider"),
	CONSTRAINT "seller_credentials_provider_check" CHECK ("seller_credentials"."provider" in ('mercadolibre'))
);
--> statement-breakpoint
CREATE TABLE "login_failures" (
	"key" char(64) PRIMARY KEY NOT NULL,
	"failures" integer NOT NULL,
	"blocked_until" timestamp (3) with time zone,
	"last_failed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "login_failures_failures_check" CHECK ("login_failures"."failures" >= 0)
);
--> statement-breakpoint
CREATE TABLE "operator_audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"act" uuid NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"database_login" text DEFAULT session_user NOT NULL,
	"actor" varchar(300) NOT NULL,
	"source" varchar(5) NOT NULL,
	"command" varchar(60) NOT NULL,
	"target" varchar(300),
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"outcome" varchar(10) NOT NULL,
	"error" text,
	CONSTRAINT "operator_audit_source_check" CHECK ("operator_audit"."source" in ('cli', 'api')),
	CONSTRAINT "operator_audit_outcome_check" CHECK ("operator_audit"."outcome" in ('begun', 'done', 'found', 'failed', 'usage'))
);
--> statement-breakpoint
ALTER TABLE "seller_credentials" ADD CONSTRAINT "seller_credentials_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "seller_credentials_key_id_idx" ON "seller_credentials" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "login_failures_last_failed_at_idx" ON "login_failures" USING btree ("last_failed_at");--> statement-breakpoint
CREATE INDEX "operator_audit_act_idx" ON "operator_audit" USING btree ("act");--> statement-breakpoint
CREATE INDEX "operator_audit_at_idx" ON "operator_audit" USING btree ("at");