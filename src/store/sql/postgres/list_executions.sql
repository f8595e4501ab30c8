-- list_executions: the executions that match a filter, the newest first
-- :since   timestamptz   only those that began after this; null: all
-- :job     text   only of this job; null: any
-- :state   text   only with this status; null: any
-- :host    text   only on this host; null: any
-- :most    bigint   the most rows
with begun as (
  select e.id, e.started_at as began
  from job_executions e
  where (:since::timestamptz is null or e.started_at >= :since::timestamptz)
    and e.started_at < 'infinity'
    -- [listed]
    and (:job::text is null or cast(e.job_name as text) = :job::text)
    and (:state::text is null or cast(e.status as text) = :state::text)
    and (:host::text is null or e.host = :host::text)
    -- [/listed]
  order by e.started_at desc
  limit :most
), unbegun as (
  -- Without a beginning, the end counts; without either, it is the oldest.
  select e.id, e.completed_at as began
  from job_executions e
  where e.started_at is null
    and (:since::timestamptz is null or e.completed_at >= :since::timestamptz)
    -- [listed]
    and (:job::text is null or cast(e.job_name as text) = :job::text)
    and (:state::text is null or cast(e.status as text) = :state::text)
    and (:host::text is null or e.host = :host::text)
    -- [/listed]
  order by e.completed_at desc nulls last
  limit :most
), newest as (
  select id, began from begun
  union all
  select id, began from unbegun
)
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
from newest n
join job_executions e on e.id = n.id
order by n.began desc nulls last
limit :most
