-- check_run_twice: runs that were closed twice, as completed and as failed
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_executions
select cast(e.id as text) as id, 'completed, and its result is that of a crash' as found
from job_executions e
where e.status = 'completed' and e.heartbeat_at is not null
  and (cast(e.result as text) like '%"crash_reason"%' or cast(e.result as text) like '%"lease_expired"%')
  and (e.heartbeat_at >= :since) is not false
order by e.id
limit :most
