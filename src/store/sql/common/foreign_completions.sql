-- foreign_completions: our jobs that another program has completed as well: its executions never had a heartbeat
-- :since timestamptz   ignore completions before this
-- :until timestamptz   ignore completions later than this
select cast(e.job_name as text), count(*)
from job_executions e
where e.job_name in ('decay', 'process-conversations', 'recover', 'scan-stuck')
  and e.status = 'completed'
  and e.heartbeat_at is null
  and e.completed_at > :since
  and e.completed_at <= :until
group by e.job_name
order by e.job_name
