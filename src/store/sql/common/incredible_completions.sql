-- incredible_completions: jobs with completions implausibly far in the future
-- :latest timestamptz   ignore completions later than this
-- :most   bigint        the most jobs
select coalesce(cast(it.job_name as text), ''), count(*)
from (
  -- By the index job_executions_finished; the limit keeps the grouping from choosing another.
  select e.job_name, e.status
  from job_executions e
  where e.status in ('completed', 'failed')
    and coalesce(e.completed_at, e.started_at) > :latest
  order by coalesce(e.completed_at, e.started_at) desc
  limit 10000
) it
where it.status = 'completed'
group by it.job_name
order by it.job_name
limit :most
