-- check_audit_recovered: recovered audits that lack an end, or whose log does not record the recovery exactly once
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, 'recovered, ' || coalesce(cast(a.status as text), 'no status')
    || case when a.completed_at is null then ', without an end' else ', with an end' end as found
from audit_reports a
where
  -- [recovered_audit]
  case when json_valid(a.summary) then json_type(a.summary, '$.crash_detected') end = 'true'
  -- [/recovered_audit]
  and ((a.status = 'failed') is not true or a.completed_at is null or 1 <> (
      -- Recovered, set back by its owner, and recovered again, it has an entry of each recovery.
      select count(*)
      from json_each(case when json_valid(a.execution_logs) and json_type(a.execution_logs) = 'array' then a.execution_logs else '[]' end) entry
      where case when entry.type = 'object' and json_valid(a.summary) then
          entry.value ->> '$.source' = 'Recovery Service' and entry.value ->> '$.timestamp' is a.summary ->> '$.recovery_timestamp'
        end
  ))
  and (a.completed_at >= :since) is not false
order by a.audit_id
limit :most
