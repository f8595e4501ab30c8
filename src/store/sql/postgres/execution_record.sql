-- execution_record: an execution with the rules that hold
-- :clock             timestamptz        the hidden --now; null: the database's clock
-- :silence_seconds   double precision   the longest time without activity
-- :age_seconds       double precision   the longest duration
-- :id                uuid               its id
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
