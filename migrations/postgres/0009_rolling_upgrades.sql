-- `needs` names the migration that an older binary must know to work with the schema after this one; null means this migration
-- itself. So a release can migrate first and replace the binaries host by host afterwards.
-- `if exists`, because without a ledger somebody runs this by hand.
alter table if exists nikita_jobs_migrations add column if not exists needs bigint;
