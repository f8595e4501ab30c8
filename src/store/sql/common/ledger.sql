-- ledger: creates the table of migrations
create table if not exists nikita_jobs_migrations (
  version bigint primary key,
  name text not null,
  applied_at text not null
)
