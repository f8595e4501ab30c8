-- tell_progress: writes a run's progress
-- :execution uuid    the execution
-- :progress  jsonb   `{"progress": …}`
update job_executions
set result = :progress
where id = :execution and status = 'running'
