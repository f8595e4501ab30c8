-- forget_dead_leases: deletes the leases of a job's other runs that have expired, or are of the future: the clock has jumped back
-- :clock     timestamptz   the hidden --now; null: the database's clock
-- :key       text          the job's lease
-- :pattern   text          the leases of its runs that can overlap
-- :execution uuid          this run
-- By the clock as it is now: another run can have begun since this one read it, and its lease is not of the future.
delete from job_leases
where (
    expires_at <= coalesce(:clock::timestamptz, clock_timestamp())
    or heartbeat_at > coalesce(:clock::timestamptz, clock_timestamp())
  )
  and (lease_key = :key or lease_key like :pattern)
  and execution_id <> :execution
