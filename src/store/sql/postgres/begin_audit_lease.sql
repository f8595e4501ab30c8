-- begin_audit_lease: inserts an audit's lease
-- :key      text   `audit:` and its id
-- :audit    uuid   the audit
-- :token    uuid   proof that it is ours
-- :host     text   its host
-- :pid      integer   its process id on that host
-- :length   bigint   how long it lasts without a renewal, microseconds
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
