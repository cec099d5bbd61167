CREATE INDEX "refresh_tokens_unspent_expires_at_idx" ON "refresh_tokens" USING btree ("expires_at") WHERE "refresh_tokens"."spent_at" is null;
