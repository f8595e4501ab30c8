-- list_executions: the executions that match a filter, the newest first
-- :since   text   only those that began after this; null: all
-- :job     text   only of this job; null: any
-- :state   text   only with this status; null: any
-- :host    text   only on this host; null: any
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
where
  (:since is null or e.started_at >= :since)
  and (:job is null or cast(e.job_name as text) = :job)
  and (:state is null or cast(e.status as text) = :state)
  and (:host is null or e.host = :host)
order by e.started_at desc
limit :most
