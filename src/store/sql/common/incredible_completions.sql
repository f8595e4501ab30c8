-- incredible_completions: jobs that completed so far in the future that no clock can have shown it
-- :latest timestamptz   what completed later than this is not believed
-- :most   bigint        at most so many jobs
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
