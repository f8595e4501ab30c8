-- renew_audit_lease: renews an audit's lease, if it is still ours
-- :key      text     `audit:` and its id
-- :token    text     proof that it is ours
-- :length   bigint   how long it lasts without a renewal, microseconds
-- :clock    text   the hidden --now; null: the database's clock
update job_leases
set
  heartbeat_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '+' || (:length / 1000000.0) || ' seconds')
where lease_key = :key
  and token = :token
  and expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
