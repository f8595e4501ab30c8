-- Which binaries may go on with a schema that is newer than they are: those that know the migration named here. None named: only
-- those that know the migration itself. So a release can migrate first, and replace the binaries host by host afterwards.
-- Without a ledger, somebody runs this by hand.
alter table if exists nikita_jobs_migrations add column if not exists needs bigint;
