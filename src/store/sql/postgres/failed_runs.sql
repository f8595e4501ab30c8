-- failed_runs: why runs failed, by job and error, the latest first
-- :since    timestamptz   from when on
-- :sample   bigint        at most so many failed runs are looked at, the newest
-- :most     bigint        at most so many errors
select
  job,
  error,
  count(*) as many,
  max(started_at) as latest,
  cast((array_agg(id order by started_at desc))[1] as text) as example
from (
  select
    e.id,
    cast(e.job_name as text) as job,
    substr(e.result #>> '{error,message}', 1, 1000) as error,
    e.started_at
  from job_executions e
  where e.started_at >= :since
    and e.started_at < 'infinity'
    and cast(e.status as text) = 'failed'
  order by e.started_at desc
  limit :sample
) failed
group by job, error
order by latest desc
limit :most
