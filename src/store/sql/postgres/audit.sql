-- audit: an audit with the rules that hold
-- :clock             timestamptz        the hidden --now; null: the database's clock
-- :silence_seconds   double precision   the longest time without activity
-- :age_seconds       double precision   the longest duration
-- :id                uuid               its id
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
