-- list_executions: the executions that match a filter, the newest first
-- :since   text   only those that began after this; null: all
-- :job     text   only of this job; null: any
-- :state   text   only with this status; null: any
-- :host    text   only on this host; null: any
-- :most    bigint   the most rows
with begun as (
  select e.id, e.started_at as began
  from job_executions e
  -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
  where e.started_at >= replace(coalesce(:since, ''), 'T', ' ')
    and replace(e.started_at, ' ', 'T') >= coalesce(:since, '')
    and e.started_at < '9999'
    -- [listed]
    and (:job is null or cast(e.job_name as text) = :job)
    and (:state is null or cast(e.status as text) = :state)
    and (:host is null or e.host = :host)
    -- [/listed]
  order by e.started_at desc
  limit :most
), unbegun as (
  -- Without a beginning, the end counts; without either, it is the oldest.
  select e.id, e.completed_at as began
  from job_executions e
  where e.started_at is null
    and replace(coalesce(e.completed_at, ''), ' ', 'T') >= coalesce(:since, '')
    -- [listed]
    and (:job is null or cast(e.job_name as text) = :job)
    and (:state is null or cast(e.status as text) = :state)
    and (:host is null or e.host = :host)
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
from newest n
join job_executions e on e.id = n.id
order by n.began desc nulls last
limit :most
