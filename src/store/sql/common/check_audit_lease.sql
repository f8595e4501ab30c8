-- check_audit_lease: recovered audits whose owner still holds a lease
-- :since timestamptz   rows that last changed before it are not looked at; null: all are
-- :most bigint   at most so many rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, 'recovered, and its owner holds a lease' as found
from audit_reports a
join job_leases l on l.lease_key = 'audit:' || cast(a.audit_id as text)
where cast(a.summary as text) like '%crash_detected%'
  and (a.completed_at >= :since) is not false
order by a.audit_id
limit :most
