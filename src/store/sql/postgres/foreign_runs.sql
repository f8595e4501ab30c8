-- foreign_runs: runs of our jobs that another program completed within a day
-- Ours have a heartbeat from the start. Completions in the future do not count.
select job_name, count(*) as runs, max(completed_at)::text as latest
from job_executions
where job_name in ('decay', 'process-conversations', 'recover', 'scan-stuck')
  and status = 'completed'
  and heartbeat_at is null
  and completed_at > now() - interval '1 day'
  and completed_at <= now()
group by job_name
order by job_name
