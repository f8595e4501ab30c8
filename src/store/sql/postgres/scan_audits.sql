-- scan_audits: a page of audits in progress with the rules that hold, the longest-running first
-- :clock             timestamptz        the hidden --now; null: the database's clock
-- :silence_seconds   double precision   the longest time without activity
-- :age_seconds       double precision   the longest duration
-- :but               uuid               the judging execution, which is left out; null: none
-- :after_began       text               when the last record of the previous page began, as read; null: first page
-- :after_id          text               its id, as read
-- :most              bigint             the most rows
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
where r.status = 'in_progress'
  and (:but::uuid is null or r.audit_id <> :but::uuid)
  and (
    :after_began::text is null
    or (s.began, r.audit_id) > (:after_began::text::timestamptz, :after_id::text::uuid)
  )
order by s.began, r.audit_id
limit :most
