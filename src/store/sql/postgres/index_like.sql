-- index_like: whether a table has a valid index with the definition of the one on its empty copy
-- :table text   the table
-- Compares what follows `USING`; names come before it, and uniqueness is compared separately. `(x = true)` means the same as `x`.
with every as (
  select
    i.indexrelid,
    i.indrelid,
    i.indisvalid,
    i.indisunique,
    regexp_replace(split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2), '\((\w+) = true\)', '\1', 'g') as definition
  from pg_catalog.pg_index i
  where i.indrelid = to_regclass(quote_ident(:table))
     or i.indexrelid = to_regclass('pg_temp.nikita_jobs_shape_index')
)
select exists (
  select
  from every e
  join every ours on ours.indexrelid = to_regclass('pg_temp.nikita_jobs_shape_index')
  where e.indexrelid <> ours.indexrelid
    and e.indrelid = to_regclass(quote_ident(:table))
    and e.indisvalid
    and e.indisunique = ours.indisunique
    and e.definition = ours.definition
)
