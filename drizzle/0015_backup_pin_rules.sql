-- What a backup may do: keep objects from going while it copies them, and read every table.

GRANT SELECT, INSERT, UPDATE, DELETE ON backup_pins, backup_digests TO intellipost_app;
--> statement-breakpoint
GRANT SELECT ON work_turns TO intellipost_app;
--> statement-breakpoint
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO intellipost_app;
