-- precheck: the schema's versions, and the run that blocks this one; sent in the simple protocol
-- :clock          timestamptz        the hidden --now; null: the database's clock
-- :job            text               the job, whose completed runs close the window
-- :key            text               the lease that another run can hold
-- :window_seconds double precision   how long a completed run closes the window; null: no window
-- :overridden     boolean            whether this run has a --now; if not, runs with one do not close its window
with moment as materialized (
  select coalesce(:clock::timestamptz, clock_timestamp()) as now
)
select
  moment.now,
  (select string_agg(m.version::text, ',') from nikita_jobs_migrations m) as applied,
  lease.holder,
  lease.held_until,
  run.latest,
  run.completed_at,
  run.is_foreign,
  current_setting('lock_timeout') as lock_timeout,
  pg_is_in_recovery() as standby
from moment
left join lateral (
  select l.execution_id as holder, l.expires_at as held_until
  from job_leases l
  where l.lease_key = :key and l.expires_at > moment.now and l.heartbeat_at <= moment.now
) lease on true
left join lateral (
  select e.id::text as latest, e.completed_at, e.heartbeat_at is null as is_foreign
  from job_executions e
  where e.job_name = :job
    and e.status = 'completed'
    and e.completed_at > moment.now - make_interval(secs => :window_seconds)
    -- Ignores a completion further than a window in the future.
    and e.completed_at <= moment.now + make_interval(secs => :window_seconds)
    and (:overridden or coalesce(e.result::text, '') not like '%"now_overridden":%true%')
  order by e.completed_at desc
  limit 1
) run on true
