-- write_progress: what a running run has done so far
-- :clock     timestamptz   the hidden --now; null: the database's clock
-- :execution uuid          the run
-- :progress  jsonb         how far it has come
update job_executions
set heartbeat_at = coalesce(:clock::timestamptz, clock_timestamp()), result = :progress
where id = :execution and status = 'running'
