-- live_executions: the running executions, the newest first
-- :most    bigint   the most rows
select
  cast(e.id as text) as id,
  coalesce(cast(e.job_name as text), '') as job_name,
  coalesce(cast(e.status as text), '') as status,
  coalesce(e.started_at, e.completed_at, '1970-01-01T00:00:00.000000Z') as started_at,
  e.completed_at,
  cast(e.duration_ms as bigint) as duration_ms,
  case when e.cost_usd is not null then printf('%.4f', e.cost_usd) end as cost_usd,
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
