-- forget_dead_leases: deletes the leases of a job's other runs that have expired, or are of the future: the clock has jumped back
-- :clock     text          the hidden --now; null: the database's clock
-- :key       text          the job's lease
-- :pattern   text          the leases of its runs that can overlap
-- :execution text          this run
delete from job_leases
where (
    expires_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
    or heartbeat_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
  )
  and (lease_key = :key or lease_key like :pattern)
  and execution_id <> :execution
