-- memory_index: pgvector's schema, if an index on the facts' vectors is needed; otherwise no row
-- The condition is that of migration 0004, except that an unfinished index of ours does not count.
select quote_ident(n.nspname)
from pg_catalog.pg_attribute a
join pg_catalog.pg_type t on t.oid = a.atttypid
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where a.attrelid = to_regclass('memory_facts')
  and a.attname = 'embedding'
  and not a.attisdropped
  and t.typname = 'vector'
  and a.atttypmod between 1 and 2000
  and exists (select from pg_catalog.pg_am where amname = 'hnsw')
  and not exists (
    select
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_am m on m.oid = c.relam
    join pg_catalog.pg_attribute b on b.attrelid = i.indrelid and b.attnum = any (i.indkey)
    where i.indrelid = a.attrelid
      and m.amname in ('hnsw', 'ivfflat')
      and b.attname = 'embedding'
      and (i.indisvalid or c.relname <> 'memory_facts_embedding')
  )
