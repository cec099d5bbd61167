GRANT SELECT, INSERT, DELETE ON maintenance_hold TO intellipost_app;
