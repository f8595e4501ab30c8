-- index_standing: whether an index is valid, and whether a session is building it; no row if it does not exist
-- :name text   the index
-- Another role's build is shown without names. Then any session with a lock on the table can be building this index.
select
  i.indisvalid,
  exists (
    select
    from pg_catalog.pg_stat_progress_create_index p
    where p.index_relid = i.indexrelid
       or (p.relid is null
         and p.datname = current_database()
         and exists (select from pg_catalog.pg_locks l where l.pid = p.pid and l.relation = i.indrelid))
  )
from pg_catalog.pg_index i
where i.indexrelid = to_regclass(quote_ident(:name))
