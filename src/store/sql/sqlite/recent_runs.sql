-- recent_runs: the latest runs of each job and how they came out, the newest first
-- :most_jobs   integer   at most so many jobs
-- :most        integer   at most so many runs of each
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
), since as (
  select
    job_name,
    coalesce(
      (
        select e.started_at
        from job_executions e
        where e.job_name = jobs.job_name
          and e.started_at < '9999'
        order by e.started_at desc
        limit 1 offset :most - 1
      ),
      ''
    ) as oldest
  from jobs
)
select
  cast(e.id as text) as id,
  cast(since.job_name as text) as job,
  cast(e.status as text) as status,
  case when json_valid(e.result) then substr(json_extract(e.result, '$.status'), 1, 30) end as said,
  case when json_valid(e.result) then substr(json_extract(e.result, '$.error.message'), 1, 1000) end as error,
  e.started_at,
  cast(e.duration_ms as bigint) as duration_ms
from since
join job_executions e on e.job_name = since.job_name and e.started_at >= since.oldest and e.started_at < '9999'
order by since.job_name, e.started_at desc
