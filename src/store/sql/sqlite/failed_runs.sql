-- failed_runs: why runs failed, by job and error, the latest first
-- :since    text      from when on
-- :sample   integer   at most so many failed runs are looked at, the newest
-- :most     integer   at most so many errors
select
  job,
  error,
  count(*) as many,
  max(started_at) as latest,
  -- Of the row with the latest start: SQLite takes a bare column from there.
  cast(id as text) as example
from (
  select
    e.id,
    cast(e.job_name as text) as job,
    case when json_valid(e.result) then substr(json_extract(e.result, '$.error.message'), 1, 1000) end as error,
    e.started_at
  from job_executions e
  -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
  where e.started_at >= replace(:since, 'T', ' ')
    and replace(e.started_at, ' ', 'T') >= :since
    and e.started_at < '9999'
    and e.status = 'failed'
  order by e.started_at desc
  limit :sample
) failed
group by job, error
order by latest desc
limit :most
