-- check_audit_lease: recovered audits whose owner still holds a lease
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, 'recovered, and its owner holds a lease' as found
from audit_reports a
join job_leases l on l.lease_key = 'audit:' || cast(a.audit_id as text)
where
  -- [recovered_audit]
  cast(a.summary as jsonb) -> 'crash_detected' = 'true'
  -- [/recovered_audit]
  and (a.completed_at >= :since) is not false
order by a.audit_id
limit :most
