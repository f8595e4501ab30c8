-- tell_progress: writes how far a run has come
-- :execution uuid    which one
-- :progress  jsonb   `{"progress": …}`
update job_executions
set result = :progress
where id = :execution and status = 'running'
