-- write_progress: writes the progress of a running execution
-- :clock     text   the hidden --now; null: the database's clock
-- :execution text   the run
-- :progress  text   the run's progress
update job_executions
set heartbeat_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), result = :progress
where id = :execution and status = 'running'
