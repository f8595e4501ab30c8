-- is_finished: whether an execution was closed by its own run; a recovery writes no duration
-- :execution   uuid     the run
-- :status      text     completed or failed
-- :duration_ms bigint   how long it took
select count(*) from job_executions where id = :execution and status = :status and duration_ms = :duration_ms
