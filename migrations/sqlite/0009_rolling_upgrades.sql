-- `needs` names the migration that an older binary must know to work with the schema after this one; null means this migration
-- itself. So a release can migrate first and replace the binaries host by host afterwards.
alter table nikita_jobs_migrations add column needs integer;
