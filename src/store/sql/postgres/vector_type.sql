-- vector_type: the schema of pgvector's type, if facts have vectors of that type and length
-- :dimensions integer   the number of dimensions
select quote_ident(n.nspname)
from pg_attribute a
join pg_type t on t.oid = a.atttypid
join pg_namespace n on n.oid = t.typnamespace
where a.attrelid = to_regclass('memory_facts')
  and a.attname = 'embedding'
  and t.typname = 'vector'
  and a.atttypmod = :dimensions
