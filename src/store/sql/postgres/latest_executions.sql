-- latest_executions: the newest execution of each job
-- :most_jobs   bigint   the most jobs
with recursive names(job_name) as (
  select min(job_name)
  from job_executions
  union all
  select (
      select min(e.job_name)
      from job_executions e
      where e.job_name > n.job_name
    )
  from names n
  where n.job_name is not null
), jobs as (
  select job_name
  from names
  where job_name is not null
  limit :most_jobs
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
from jobs
join job_executions e
  on e.job_name = jobs.job_name
  and e.id = (
    select n.id
    from (
      (
        -- Walks the index of jobs and times backwards, however rare the job is; the row before its first is another job's.
        select x.id, x.job_name, x.started_at as began
        from job_executions x
        where (x.job_name, x.started_at) < (jobs.job_name, timestamptz 'infinity')
        order by x.job_name desc, x.started_at desc
        limit 1
      )
      union all
      (
        -- Without a beginning, the end counts; without either, it is the oldest.
        select x.id, x.job_name, x.completed_at
        from job_executions x
        where x.job_name = jobs.job_name
          and x.started_at is null
        order by x.completed_at desc nulls last
        limit 1
      )
    ) n
    where n.job_name = jobs.job_name
    order by n.began desc nulls last
    limit 1
  )
order by e.job_name
