-- check_one_lease: leases with two holders
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_leases
select l.lease_key as id, cast(count(*) as text) || ' holders' as found
from job_leases l
group by l.lease_key
having count(*) > 1 and (max(l.heartbeat_at) >= :since) is not false
order by l.lease_key
limit :most
