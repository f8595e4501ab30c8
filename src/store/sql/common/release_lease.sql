-- release_lease: releases a lease that is ours
-- :key   text   its name
-- :token uuid   proof that it is ours
delete from job_leases where lease_key = :key and token = :token
