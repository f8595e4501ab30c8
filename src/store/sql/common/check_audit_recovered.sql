-- check_audit_recovered: recovered audits that lack an end, or whose log does not record the recovery exactly once
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
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
