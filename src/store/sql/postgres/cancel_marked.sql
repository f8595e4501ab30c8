-- cancel_marked: cancels the statements that begin with a mark and returns how many
-- :mark text   the mark
select count(pg_cancel_backend(a.pid))
from pg_catalog.pg_stat_activity a
where a.pid <> pg_backend_pid()
  and a.datname = current_database()
  and a.state = 'active'
  and left(a.query, length(:mark)) = :mark
