-- forget_dead_leases: forgets a job's leases that have run out, or that a clock which has jumped has dated later than now
-- :now     timestamptz   the run's time
-- :key     text          the job's lease
-- :pattern text          those of its runs that may overlap
delete from job_leases where (expires_at <= :now or heartbeat_at > :now) and (lease_key = :key or lease_key like :pattern)
