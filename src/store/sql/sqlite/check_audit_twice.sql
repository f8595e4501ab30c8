-- check_audit_twice: audits that went on after their recovery, or whose log does not record it
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, cast(a.status as text) || ', with a recovery in its log and none in its summary' as found
from audit_reports a
where a.status <> 'in_progress'
  and exists (
      select 1
      from json_each(case when json_valid(a.execution_logs) and json_type(a.execution_logs) = 'array' then a.execution_logs else '[]' end) entry
      where case when entry.type = 'object' then entry.value ->> '$.source' end = 'Recovery Service'
  )
  and (
  -- [recovered_audit]
  case when json_valid(a.summary) then json_type(a.summary, '$.crash_detected') end = 'true'
  -- [/recovered_audit]
  ) is not true
  and (coalesce(a.completed_at, a.audit_date) >= :since) is not false
order by a.audit_id
limit :most
