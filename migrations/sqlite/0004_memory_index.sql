-- Nothing to do: SQLite has no index for vectors. On PostgreSQL with pgvector this version creates one.
select 1;
