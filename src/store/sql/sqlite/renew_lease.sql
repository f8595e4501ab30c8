-- renew_lease: renews a lease that is still ours and has not expired: others can have acted on an expired one
-- :clock   text   the hidden --now; null: the database's clock
-- :key     text   its name
-- :token   text   proof that it is ours
-- :seconds real   how long it lasts without a renewal
update job_leases
set
  heartbeat_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, 'now'), '+' || :seconds || ' seconds')
where lease_key = :key and token = :token and expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
