-- Nothing to do here: SQLite has no index over vectors. On PostgreSQL with pgvector this version makes one.
select 1;
