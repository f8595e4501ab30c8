-- check_lease_owner: leases of runs that have ended
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_leases
select l.lease_key as id, 'its execution ' || cast(e.id as text) || ' is ' || cast(e.status as text) as found
from job_leases l
join job_executions e on e.id = l.execution_id
where l.lease_key like 'job:%' and e.status <> 'running'
  and (l.heartbeat_at >= :since) is not false
order by l.lease_key
limit :most
