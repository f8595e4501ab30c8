-- foreign_runs: runs of our jobs that another program has completed within a day
-- Ours have a heartbeat from the first moment. What is dated in the future counts for nothing.
select job_name, count(*) as runs, max(completed_at)::text as latest
from job_executions
where job_name in ('decay', 'process-conversations', 'recover', 'scan-stuck')
  and status = 'completed'
  and heartbeat_at is null
  and completed_at > now() - interval '1 day'
  and completed_at <= now()
group by job_name
order by job_name
