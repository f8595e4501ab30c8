-- index_standing: whether an index is valid, and whether a session is building it; no row where there is none
-- :name text   the index
select
  i.indisvalid,
  exists (select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
from pg_catalog.pg_index i
where i.indexrelid = to_regclass(quote_ident(:name))
