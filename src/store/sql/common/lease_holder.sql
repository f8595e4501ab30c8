-- lease_holder: which run holds a lease, and until when
-- :key text   its name
select execution_id, expires_at from job_leases where lease_key = :key
