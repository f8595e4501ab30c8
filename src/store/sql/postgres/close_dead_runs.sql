-- close_dead_runs: closes a job's executions that had a lease but have no live one
-- :clock  timestamptz   the hidden --now; null: the database's clock
-- :now    timestamptz   the run's time
-- :result jsonb         the result that says why
-- :job    text          the job
-- By the clock as it is now: another run can have begun since this one read it, and its lease is not of the future.
update job_executions
set status = 'failed', completed_at = :now, result = :result
where job_name = :job
  and status = 'running'
  and heartbeat_at is not null
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = job_executions.id and l.expires_at > coalesce(:clock::timestamptz, clock_timestamp()) and l.heartbeat_at <= coalesce(:clock::timestamptz, clock_timestamp())
  )
