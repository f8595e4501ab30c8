-- check_one_lease: leases that two hold
-- :since timestamptz   rows that last changed before it are not looked at; null: all are
-- :most bigint   at most so many rows
-- scans: job_leases
select l.lease_key as id, cast(count(*) as text) || ' holders' as found
from job_leases l
group by l.lease_key
having count(*) > 1 and (max(l.heartbeat_at) >= :since) is not false
order by l.lease_key
limit :most
