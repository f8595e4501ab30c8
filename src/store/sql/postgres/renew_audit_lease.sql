-- renew_audit_lease: renews an audit's lease, if it is still ours
-- :key      text     `audit:` and its id
-- :token    uuid     proof that it is ours
-- :length   bigint   how long it lasts without a renewal, microseconds
-- :clock    timestamptz   the hidden --now; null: the database's clock
update job_leases
set
  heartbeat_at = coalesce(:clock::timestamptz, clock_timestamp()),
  expires_at = coalesce(:clock::timestamptz, clock_timestamp()) + :length::bigint * interval '1 microsecond'
where lease_key = :key
  and token = :token
  and expires_at > coalesce(:clock::timestamptz, clock_timestamp())
