-- latest_foreign_completion: when another program completed a job last: its executions never had a heartbeat
-- :job   text          its name
-- :since timestamptz   what is older does not matter
-- :until timestamptz   what completed later than this is not believed
select e.completed_at
from job_executions e
where e.job_name = :job
  and e.status = 'completed'
  and e.heartbeat_at is null
  and e.completed_at > :since
  and e.completed_at <= :until
order by e.completed_at desc
limit 1
