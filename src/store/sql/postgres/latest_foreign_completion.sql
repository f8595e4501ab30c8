-- latest_foreign_completion: when another program last completed a job: its executions never had a heartbeat
-- :job   text          its name
-- :since timestamptz   ignore completions before this
-- :until timestamptz   ignore completions later than this
select e.completed_at
from job_executions e
where e.job_name = :job
  and e.status = 'completed'
  and e.heartbeat_at is null
  and e.completed_at > :since
  and e.completed_at <= :until
order by e.completed_at desc
limit 1
