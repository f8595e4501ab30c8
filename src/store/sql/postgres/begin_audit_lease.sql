-- begin_audit_lease: an audit's lease
-- :key      text   `audit:` and its id
-- :audit    uuid   which one
-- :token    uuid   what proves that it is ours
-- :host     text   where it runs
-- :pid      integer   its process there
-- :length   bigint   how long it lives without a renewal, microseconds
-- :clock    timestamptz   the hidden --now; null: the database's clock
insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at)
values (
  :key,
  :audit,
  :token,
  :host,
  :pid,
  coalesce(:clock::timestamptz, clock_timestamp()),
  coalesce(:clock::timestamptz, clock_timestamp()),
  coalesce(:clock::timestamptz, clock_timestamp()) + :length::bigint * interval '1 microsecond'
)
