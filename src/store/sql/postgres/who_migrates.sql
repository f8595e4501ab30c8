-- who_migrates: who holds a lease, on which host, and until when
-- :key text   its name
select l.pid, l.host, l.expires_at
from job_leases l
where l.lease_key = :key
