-- close_dead_runs: closes a job's executions that had a lease but have no live one
-- :clock  text   the hidden --now; null: the database's clock
-- :now    text   the run's time
-- :result text   the result that says why
-- :job    text   the job
-- The plus keeps SQLite from using the index by job, which contains every execution ever.
update job_executions
set status = 'failed', completed_at = :now, result = :result
where +job_name = :job
  and status = 'running'
  and heartbeat_at is not null
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = job_executions.id and l.expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) and l.heartbeat_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
  )
