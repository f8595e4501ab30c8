-- live_executions: the running executions, the newest first
-- :most    bigint   the most rows
select
  cast(e.id as text) as id,
  coalesce(cast(e.job_name as text), '') as job_name,
  coalesce(cast(e.status as text), '') as status,
  coalesce(e.started_at, e.completed_at, timestamptz 'epoch') as started_at,
  e.completed_at,
  cast(e.duration_ms as bigint) as duration_ms,
  cast(round(cast(e.cost_usd as numeric), 4) as text) as cost_usd,
  e.heartbeat_at,
  e.host,
  e.pid,
  e.result,
  (
    select max(l.expires_at)
    from job_leases l
    where l.execution_id = e.id
  ) as lease_expires_at
from job_executions e
where e.status = 'running'
order by coalesce(e.started_at, e.completed_at) desc nulls last
limit :most
