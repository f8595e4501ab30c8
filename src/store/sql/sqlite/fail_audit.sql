-- fail_audit: fails an audit in progress, if a rule still holds and its log is unchanged
-- :clock             text      the hidden --now; null: the database's clock
-- :silence_seconds   real      the longest time without activity
-- :age_seconds       real      the longest duration
-- :id                text      its id
-- :by_hand           integer   whether an operator has decided
-- :log_times         text      the times in its log, as read
-- :last_log          text      the latest of these times
-- :reason            text      the reason
-- :entry             text      the id of the new log entry
-- Keeps what the columns contained.
update audit_reports as r
set
  status = 'failed',
  completed_at = t.at,
  summary = json_patch(
    case when json_type(case when json_valid(r.summary) then r.summary else 'null' end) = 'object' then r.summary else '{}' end,
    json_object(
      'crash_detected', json('true'),
      'crash_reason', :reason,
      'recovery_timestamp', t.at,
      'original_status', r.status
    )
  ),
  execution_logs = case
    when json_type(case when json_valid(r.execution_logs) then r.execution_logs else 'null' end) = 'array'
    then json_insert(r.execution_logs, '$[#]', json_object(
      'id', :entry,
      'timestamp', t.at,
      'level', 'error',
      'message', 'Recovered as failed: ' || :reason,
      'source', 'Recovery Service'
    ))
    else json_array(r.execution_logs, json_object(
      'id', :entry,
      'timestamp', t.at,
      'level', 'error',
      'message', 'Recovered as failed: ' || :reason,
      'source', 'Recovery Service'
    ))
  end
from (
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
  where r.audit_id = :id
) j
cross join (select coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) as at) t
where r.audit_id = :id
  and r.status = 'in_progress'
  and (
    :by_hand
    or j.log_times = :log_times
    and (
      j.owner_is_dead
      or j.is_old
      or j.is_quiet
        and (
          :last_log is null
          or :last_log < strftime('%Y-%m-%dT%H:%M:%f000Z', t.at, '-' || :silence_seconds || ' seconds')
        )
    )
  )
returning completed_at
