-- begin_audit_lease: inserts an audit's lease
-- :key      text   `audit:` and its id
-- :audit    text   the audit
-- :token    text   proof that it is ours
-- :host     text   its host
-- :pid      integer   its process id on that host
-- :length   bigint   how long it lasts without a renewal, microseconds
-- :clock    text   the hidden --now; null: the database's clock
insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at)
values (
  :key,
  :audit,
  :token,
  :host,
  :pid,
  coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '+' || (:length / 1000000.0) || ' seconds')
)
