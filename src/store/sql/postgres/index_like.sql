-- index_like: whether a table has a valid index that is defined like the one on its empty copy
-- :table text   the table
-- What stands before `USING` are names and whether it is unique.
with ours as (
  select i.indisunique, split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2) as definition
  from pg_catalog.pg_index i
  where i.indexrelid = to_regclass('pg_temp.nikita_jobs_shape_index')
)
select exists (
  select
  from pg_catalog.pg_index i, ours
  where i.indrelid = to_regclass(quote_ident(:table))
    and i.indisvalid
    and i.indisunique = ours.indisunique
    and split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2) = ours.definition
)
