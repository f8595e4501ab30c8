-- close_dead_runs: closes a job's executions that had a lease and have no live one
-- :now    text   the run's time
-- :result text   why
-- :job    text   which job
-- The plus keeps SQLite from the index by job, in which all that have ever run stand.
update job_executions
set status = 'failed', completed_at = :now, result = :result
where +job_name = :job
  and status = 'running'
  and heartbeat_at is not null
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = job_executions.id and l.expires_at > :now and l.heartbeat_at <= :now
  )
