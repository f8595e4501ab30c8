-- release_lease: gives a lease back that is ours
-- :key   text   its name
-- :token uuid   proves that it is ours
delete from job_leases where lease_key = :key and token = :token
