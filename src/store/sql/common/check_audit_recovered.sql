-- check_audit_recovered: audits that were recovered, and do not say so once, with an end
-- :since timestamptz   rows that last changed before it are not looked at; null: all are
-- :most bigint   at most so many rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, 'recovered, ' || cast(a.status as text)
    || case when a.completed_at is null then ', without an end' else ', with an end' end as found
from audit_reports a
where cast(a.summary as text) like '%crash_detected%'
  and (a.status <> 'failed' or a.completed_at is null
    or length(replace(cast(a.execution_logs as text), 'Recovery Service', ''))
        <> length(cast(a.execution_logs as text)) - length('Recovery Service'))
  and (a.completed_at >= :since) is not false
order by a.audit_id
limit :most
