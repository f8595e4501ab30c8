-- check_run_lease: running executions that never had a lease, or have lost it unnoticed
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_executions
select cast(e.id as text) as id, cast(e.job_name as text) || ' runs without a lease' as found
from job_executions e
left join job_leases l on l.execution_id = e.id
where e.status = 'running' and e.heartbeat_at is not null and l.lease_key is null
  and (e.heartbeat_at >= :since) is not false
order by e.id
limit :most
