-- check_audit_twice: audits that went on after their recovery, or whose log does not record it
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, cast(a.status as text) || ', with a recovery in its log and none in its summary' as found
from audit_reports a
where a.status <> 'in_progress'
  and exists (
      select 1
      from jsonb_array_elements(case jsonb_typeof(cast(a.execution_logs as jsonb)) when 'array' then cast(a.execution_logs as jsonb) else '[]' end) entry
      where entry ->> 'source' = 'Recovery Service'
  )
  and (
  -- [recovered_audit]
  cast(a.summary as jsonb) -> 'crash_detected' = 'true'
  -- [/recovered_audit]
  ) is not true
  and (coalesce(a.completed_at, a.audit_date) >= :since) is not false
order by a.audit_id
limit :most
