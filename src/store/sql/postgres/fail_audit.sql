-- fail_audit: fails an audit in progress, if a rule still holds and its log is unchanged
-- :clock             timestamptz        the hidden --now; null: the database's clock
-- :silence_seconds   double precision   the longest time without activity
-- :age_seconds       double precision   the longest duration
-- :id                uuid               its id
-- :by_hand           boolean            whether an operator has decided
-- :log_times         text               the times in its log, as read
-- :last_log          timestamptz        the latest of these times
-- :reason            text               the reason
-- :entry             text               the id of the new log entry
-- Keeps what the columns contained.
update audit_reports as r
set
  status = 'failed',
  completed_at = t.at,
  summary = case when jsonb_typeof(r.summary::jsonb) = 'object' then r.summary::jsonb else '{}' end
    || jsonb_build_object(
      'crash_detected', true,
      'crash_reason', :reason::text,
      'recovery_timestamp', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'original_status', r.status
    ),
  execution_logs = coalesce(jsonb_path_query_array(r.execution_logs::jsonb, '$[*]'), '[]')
    || jsonb_build_object(
      'id', :entry::text,
      'timestamp', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'level', 'error',
      'message', 'Recovered as failed: ' || :reason::text,
      'source', 'Recovery Service'
    )
from (
  -- [judged_audit]
  select
    r.audit_id::text as id,
    coalesce(r.status::text, '') as status,
    s.began::text as began,
    s.beat,
    b.expires_at > t.now and b.leased <= t.now as lease_is_live,
    coalesce(b.expires_at <= t.now or b.leased > t.now, false) as owner_is_dead,
    coalesce(s.beat, s.began) < t.now - make_interval(secs => :silence_seconds) as is_quiet,
    s.began < t.now - make_interval(secs => :age_seconds) as is_old,
    coalesce(
      case when jsonb_typeof(r.execution_logs::jsonb) = 'array' then
        jsonb_path_query_array(r.execution_logs::jsonb, '$[last - 19 to last].timestamp')::text
      end, '[]') as log_times,
    (select l.host from job_leases l where l.lease_key = 'audit:' || r.audit_id) as host,
    (select l.pid from job_leases l where l.lease_key = 'audit:' || r.audit_id) as pid
  from (select coalesce(:clock::timestamptz, clock_timestamp()) as now) t
  cross join audit_reports r
  cross join lateral (
    select
      (select l.heartbeat_at from job_leases l where l.lease_key = 'audit:' || r.audit_id) as leased,
      (select l.expires_at from job_leases l where l.lease_key = 'audit:' || r.audit_id) as expires_at
  ) b
  cross join lateral (
    select
      -- A beginning that cannot be read is the beginning of time; a heartbeat that cannot be read, or has not been yet, is none.
      coalesce(
        case when r.audit_date between '0001-01-01' and '9999-12-31' then r.audit_date end,
        timestamptz 'epoch'
      ) as began,
      case when b.leased between '0001-01-01' and t.now then b.leased end as beat
  ) s
  -- [/judged_audit]
  where r.audit_id = :id
) j
cross join (select coalesce(:clock::timestamptz, clock_timestamp()) as at) t
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
          :last_log::timestamptz is null
          or :last_log::timestamptz < t.at - make_interval(secs => :silence_seconds)
        )
    )
  )
returning r.completed_at
