-- count_dead_runs: our running executions without a live lease
-- :clock timestamptz   the hidden --now; null: the database's clock
select count(*)
from job_executions e
where e.status = 'running'
  and e.heartbeat_at is not null
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = e.id
      and l.expires_at > coalesce(:clock::timestamptz, clock_timestamp())
      and l.heartbeat_at <= coalesce(:clock::timestamptz, clock_timestamp())
  )
