-- recent_runs: the latest runs of each job and how they came out, the newest first
-- :most_jobs   bigint   at most so many jobs
-- :most        bigint   at most so many runs of each
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
  cast(jobs.job_name as text) as job,
  cast(e.status as text) as status,
  substr(e.result ->> 'status', 1, 30) as said,
  substr(e.result #>> '{error,message}', 1, 1000) as error,
  e.started_at,
  cast(e.duration_ms as bigint) as duration_ms
from jobs
cross join lateral (
  -- Walks the index of jobs and times backwards, however rare the job is; the rows before its first are another job's.
  select *
  from (
    select *
    from job_executions x
    where (x.job_name, x.started_at) < (jobs.job_name, timestamptz 'infinity')
    order by x.job_name desc, x.started_at desc
    limit :most
  ) latest
  where latest.job_name = jobs.job_name
) e
order by jobs.job_name, e.started_at desc
