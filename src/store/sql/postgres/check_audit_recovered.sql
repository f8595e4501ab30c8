-- check_audit_recovered: recovered audits that lack an end, or whose log does not record the recovery exactly once
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: audit_reports
select cast(a.audit_id as text) as id, 'recovered, ' || coalesce(cast(a.status as text), 'no status')
    || case when a.completed_at is null then ', without an end' else ', with an end' end as found
from audit_reports a
where
  -- [recovered_audit]
  cast(a.summary as jsonb) -> 'crash_detected' = 'true'
  -- [/recovered_audit]
  and ((a.status = 'failed') is not true or a.completed_at is null or 1 <> (
      -- Recovered, set back by its owner, and recovered again, it has an entry of each recovery.
      select count(*)
      from jsonb_array_elements(case jsonb_typeof(cast(a.execution_logs as jsonb)) when 'array' then cast(a.execution_logs as jsonb) else '[]' end) entry
      where entry ->> 'source' = 'Recovery Service'
        and entry ->> 'timestamp' is not distinct from cast(a.summary as jsonb) ->> 'recovery_timestamp'
  ))
  and (a.completed_at >= :since) is not false
order by a.audit_id
limit :most
