-- write_progress: what a running run has done so far
-- :clock     text   the hidden --now; null: the database's clock
-- :execution text   the run
-- :progress  text   how far it has come
update job_executions
set heartbeat_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), result = :progress
where id = :execution and status = 'running'
