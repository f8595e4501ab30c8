-- fail_execution: fails a running execution, if a rule still holds and its log is unchanged
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
-- An execution has no columns for a summary and a log; its result contains both.
update job_executions as r
set
  status = 'failed',
  completed_at = t.at,
  result = case when jsonb_typeof(r.result::jsonb) = 'object' then r.result::jsonb else '{}' end
    || jsonb_build_object(
      'crash_detected', true,
      'crash_reason', :reason::text,
      'recovery_timestamp', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'original_status', r.status
    )
    || jsonb_build_object(
      'status', 'error',
      'error', jsonb_build_object('kind', 'recovered', 'message', :reason::text),
      'execution_logs', jsonb_build_array(jsonb_build_object(
            'id', :entry::text,
            'timestamp', to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'level', 'error',
            'message', 'Recovered as failed: ' || :reason::text,
            'source', 'Recovery Service'
          ))
    )
from (
  -- [judged_execution]
  select
    r.id::text as id,
    coalesce(r.status::text, '') as status,
    s.began::text as began,
    s.beat,
    b.expires_at > t.now and b.leased <= t.now as lease_is_live,
    coalesce(b.expires_at <= t.now or b.leased > t.now, false) as owner_is_dead,
    (r.heartbeat_at is not null or b.expires_at is not null)
      and coalesce(s.beat, s.began) < t.now - make_interval(secs => :silence_seconds) as is_quiet,
    s.began < t.now - make_interval(secs => :age_seconds) as is_old,
    '[]' as log_times,
    r.host as host,
    r.pid as pid
  from (select coalesce(:clock::timestamptz, clock_timestamp()) as now) t
  cross join job_executions r
  cross join lateral (
    select
      (select max(l.heartbeat_at) from job_leases l where l.execution_id = r.id and l.lease_key not like 'audit:%') as leased,
      (select max(l.expires_at) from job_leases l where l.execution_id = r.id and l.lease_key not like 'audit:%') as expires_at
  ) b
  cross join lateral (
    select
      -- A beginning that cannot be read is the beginning of time; a heartbeat that cannot be read, or has not been yet, is none.
      coalesce(
        case when r.started_at between '0001-01-01' and '9999-12-31' then r.started_at end,
        timestamptz 'epoch'
      ) as began,
      greatest(
        case when b.leased between '0001-01-01' and t.now then b.leased end,
        case when r.heartbeat_at between '0001-01-01' and t.now then r.heartbeat_at end
      ) as beat
  ) s
  -- [/judged_execution]
  where r.id = :id
) j
cross join (select coalesce(:clock::timestamptz, clock_timestamp()) as at) t
where r.id = :id
  and r.status = 'running'
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
