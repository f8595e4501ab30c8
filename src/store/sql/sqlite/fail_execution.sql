-- fail_execution: fails a running execution, if a rule still holds and its log is unchanged
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
-- An execution has no columns for a summary and a log; its result contains both.
update job_executions as r
set
  status = 'failed',
  completed_at = t.at,
  result = json_patch(
    json_patch(
      case when json_type(case when json_valid(r.result) then r.result else 'null' end) = 'object' then r.result else '{}' end,
      json_object(
      'crash_detected', json('true'),
      'crash_reason', :reason,
      'recovery_timestamp', t.at,
      'original_status', r.status
    )
    ),
    json_object(
      'status', 'error',
      'error', json_object('kind', 'recovered', 'message', :reason),
      'execution_logs', json_array(json_object(
      'id', :entry,
      'timestamp', t.at,
      'level', 'error',
      'message', 'Recovered as failed: ' || :reason,
      'source', 'Recovery Service'
    ))
    )
  )
from (
  -- [judged_execution]
  select
    r.id as id,
    coalesce(cast(r.status as text), '') as status,
    r.began,
    r.beat,
    r.expires_at > r.now and r.leased <= r.now as lease_is_live,
    coalesce(r.expires_at <= r.now or r.leased > r.now, false) as owner_is_dead,
    (r.heartbeat_at is not null or r.expires_at is not null)
      and coalesce(r.beat, r.began)
        < strftime('%Y-%m-%dT%H:%M:%f000Z', r.now, '-' || :silence_seconds || ' seconds') as is_quiet,
    r.began < strftime('%Y-%m-%dT%H:%M:%f000Z', r.now, '-' || :age_seconds || ' seconds') as is_old,
    '[]' as log_times,
    r.host as host,
    r.pid as pid
  from (
    -- A beginning that cannot be read is the beginning of time; a heartbeat that cannot be read, or has not been yet, is none.
    select
      r.*,
      nullif(max(case when r.leased between '0001' and r.now then coalesce(strftime('%Y-%m-%dT%H:%M:%f000Z', r.leased), '') else '' end, case when r.heartbeat_at between '0001' and r.now then coalesce(strftime('%Y-%m-%dT%H:%M:%f000Z', r.heartbeat_at), '') else '' end), '') as beat
    from (
      select
        r.*,
        t.now,
        coalesce(case when r.started_at >= '0001' then strftime('%Y-%m-%dT%H:%M:%f000Z', r.started_at) end, '1970-01-01T00:00:00.000000Z') as began,
        (select max(l.heartbeat_at) from job_leases l where l.execution_id = r.id and l.lease_key not like 'audit:%') as leased,
        (select max(l.expires_at) from job_leases l where l.execution_id = r.id and l.lease_key not like 'audit:%') as expires_at
      from (select coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) as now) t
      cross join job_executions r
    ) r
  ) r
  -- [/judged_execution]
  where r.id = :id
) j
cross join (select coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) as at) t
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
          :last_log is null
          or :last_log < strftime('%Y-%m-%dT%H:%M:%f000Z', t.at, '-' || :silence_seconds || ' seconds')
        )
    )
  )
returning completed_at
