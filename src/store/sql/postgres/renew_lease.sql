-- renew_lease: renews a lease that is still ours and has not expired: others can have acted on an expired one
-- :clock   timestamptz        the hidden --now; null: the database's clock
-- :key     text               its name
-- :token   uuid               proof that it is ours
-- :seconds double precision   how long it lasts without a renewal
update job_leases
set
  heartbeat_at = coalesce(:clock::timestamptz, clock_timestamp()),
  expires_at = coalesce(:clock::timestamptz, clock_timestamp()) + make_interval(secs => :seconds)
where lease_key = :key and token = :token and expires_at > coalesce(:clock::timestamptz, clock_timestamp())
