-- forget_dead_leases: deletes a job's leases that have expired, or that were renewed in the future, by a clock that has since jumped back
-- :now     timestamptz   the run's time
-- :key     text          the job's lease
-- :pattern text          the leases of its runs that can overlap
delete from job_leases where (expires_at <= :now or heartbeat_at > :now) and (lease_key = :key or lease_key like :pattern)
