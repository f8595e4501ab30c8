-- scan_audits: a page of audits in progress with the rules that hold, the longest-running first
-- :clock             text      the hidden --now; null: the database's clock
-- :silence_seconds   real      the longest time without activity
-- :age_seconds       real      the longest duration
-- :but               text      the judging execution, which is left out; null: none
-- :after_began       text      when the last record of the previous page began, as read; null: first page
-- :after_id          text      its id, as read
-- :most              integer   the most rows
-- [judged_audit]
select
  r.audit_id as id,
  coalesce(cast(r.status as text), '') as status,
  r.began,
  r.beat,
  r.expires_at > r.now and r.leased <= r.now as lease_is_live,
  coalesce(r.expires_at <= r.now or r.leased > r.now, false) as owner_is_dead,
  coalesce(r.beat, r.began)
      < strftime('%Y-%m-%dT%H:%M:%f000Z', r.now, '-' || :silence_seconds || ' seconds') as is_quiet,
  r.began < strftime('%Y-%m-%dT%H:%M:%f000Z', r.now, '-' || :age_seconds || ' seconds') as is_old,
  (
    select json_group_array(case when e.type = 'object' then json_extract(e.value, '$.timestamp') end)
    from json_each(case when json_valid(r.execution_logs) then r.execution_logs else 'null' end) e
    where e.key >= json_array_length(case when json_valid(r.execution_logs) then r.execution_logs else 'null' end) - 20
  ) as log_times,
  (select l.host from job_leases l where l.lease_key = 'audit:' || r.audit_id) as host,
  (select l.pid from job_leases l where l.lease_key = 'audit:' || r.audit_id) as pid
from (
  -- A beginning that cannot be read is the beginning of time; a heartbeat that cannot be read, or has not been yet, is none.
  select
    r.*,
    nullif(case when r.leased between '0001' and r.now then coalesce(strftime('%Y-%m-%dT%H:%M:%f000Z', r.leased), '') else '' end, '') as beat
  from (
    select
      r.*,
      t.now,
      coalesce(case when r.audit_date >= '0001' then strftime('%Y-%m-%dT%H:%M:%f000Z', r.audit_date) end, '1970-01-01T00:00:00.000000Z') as began,
      (select l.heartbeat_at from job_leases l where l.lease_key = 'audit:' || r.audit_id) as leased,
      (select l.expires_at from job_leases l where l.lease_key = 'audit:' || r.audit_id) as expires_at
    from (select coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) as now) t
    cross join audit_reports r
  ) r
) r
-- [/judged_audit]
where r.status = 'in_progress'
  and (r.audit_id glob '????????-????-????-????-????????????' and r.audit_id not glob '*[^0-9a-f-]*' and length(replace(r.audit_id, '-', '')) = 32)
  and (:but is null or r.audit_id <> :but)
  and (:after_began is null or (r.began, r.audit_id) > (:after_began, :after_id))
order by r.began, r.audit_id
limit :most
