-- is_finished: whether an execution was closed as its own run closes it; whoever recovers it writes no duration
-- :execution   uuid     the run
-- :status      text     completed or failed
-- :duration_ms bigint   how long it took
select count(*) from job_executions where id = :execution and status = :status and duration_ms = :duration_ms
