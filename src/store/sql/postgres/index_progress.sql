-- index_progress: the progress of an index build on a table
-- :table text   the table
select p.phase, p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total
from pg_catalog.pg_stat_progress_create_index p
where p.relid = to_regclass(quote_ident(:table))
order by p.pid
limit 1
