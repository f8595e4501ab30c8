-- runs_by_span: runs and costs by span and job
-- :most_jobs   integer   the most jobs
-- :width       integer   how many characters of a time name its span
-- :since       text      the earliest start of a run
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
), spans as (
  select
    substr(replace(e.started_at, ' ', 'T'), 1, :width) as span,
    jobs.job_name,
    cast(e.status as text) as status,
    e.duration_ms,
    e.cost_usd
  from jobs
  join job_executions e on e.job_name = jobs.job_name
    -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
    and e.started_at >= replace(:since, 'T', ' ')
    and replace(e.started_at, ' ', 'T') >= :since
    and e.started_at < '9999'
)
select
  span,
  cast(job_name as text) as job,
  count(*) as total,
  cast(sum(case when status = 'completed' then 1 else 0 end) as bigint) as completed,
  cast(sum(case when status = 'failed' then 1 else 0 end) as bigint) as failed,
  cast(coalesce(sum(case when cost_usd between 0 and 1e9 then cost_usd end), 0) as double precision) as cost_usd
from spans
group by span, job_name
order by span, job_name
