-- :rows conversations and as many runs become active and finish again, while an old snapshot prevents vacuum from removing their dead
-- rows and index entries: the effect of a long backup on a busy queue.
--
--   psql -v rows=350000 -f stuck_dead_rows.sql

set session_replication_role = replica;
create temp table taken as select id from conversations where status = 'processed' limit :rows;
create temp table runs as select id from job_executions where status = 'completed' limit :rows;
update conversations set status = 'active', updated_at = now() where id in (select id from taken);
update conversations set status = 'processing', updated_at = now() where id in (select id from taken);
update conversations set status = 'processed', updated_at = now() where id in (select id from taken);
update job_executions set status = 'running' where id in (select id from runs);
update job_executions set status = 'completed' where id in (select id from runs);
