-- write_progress: writes the progress of a running execution
-- :clock     timestamptz   the hidden --now; null: the database's clock
-- :execution uuid          the run
-- :progress  jsonb         the run's progress
update job_executions
set heartbeat_at = coalesce(:clock::timestamptz, clock_timestamp()), result = :progress
where id = :execution and status = 'running'
