-- last_completion: when a run of a job last completed
-- :job    text          its name
-- :latest timestamptz   ignore completions later than this
select completed_at
from job_executions
where job_name = :job
  and status = 'completed'
  and completed_at <= :latest
order by completed_at desc
limit 1
