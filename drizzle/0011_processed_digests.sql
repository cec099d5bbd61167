ALTER TABLE "product_images" ADD COLUMN "processed_sha256" char(64);--> statement-breakpoint
ALTER TABLE "product_images" ADD COLUMN "processed_file_size_bytes" integer;--> statement-breakpoint
ALTER TABLE "product_images" ADD CONSTRAINT "product_images_processed_sha256_check" CHECK ("product_images"."processed_sha256" ~ '^[0-9a-f]{64}$');--> statement-breakpoint
ALTER TABLE "product_images" ADD CONSTRAINT "product_images_processed_file_size_bytes_check" CHECK ("product_images"."processed_file_size_bytes" > 0);