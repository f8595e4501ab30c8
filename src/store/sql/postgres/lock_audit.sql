-- lock_audit: locks an audit and its lease; whether another session holds either
-- :key     text   the lease's key
-- :audit   uuid   which one
with lease as (
  select 1
  from job_leases l
  where l.lease_key = :key
  for update skip locked
), audit as (
  select 1
  from audit_reports a
  where a.audit_id = :audit
  for update skip locked
)
select
  -- As they were before this statement: what is there and was not locked, another session holds.
  (select count(*) from job_leases l where l.lease_key = :key) > (select count(*) from lease)
  or (select count(*) from audit_reports a where a.audit_id = :audit) > (select count(*) from audit) as locked
