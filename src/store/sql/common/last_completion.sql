-- last_completion: when a run of a job completed last
-- :job    text          its name
-- :latest timestamptz   what completed later than this is not believed
select completed_at
from job_executions
where job_name = :job
  and status = 'completed'
  and completed_at <= :latest
order by completed_at desc
limit 1
