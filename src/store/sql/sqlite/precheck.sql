-- precheck: the schema's versions, and the run that blocks this one
-- :clock          text      the hidden --now; null: the database's clock
-- :job            text      the job, whose completed runs close the window
-- :key            text      the lease that another run can hold
-- :window_seconds real      how long a completed run closes the window; null: no window
-- :overridden     integer   whether this run has a --now; if not, runs with one do not close its window
with moment as (
  select coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) as now
)
select
  moment.now,
  (select group_concat(m.version, ',') from nikita_jobs_migrations m) as applied,
  lease.holder,
  lease.held_until,
  run.latest,
  run.completed_at,
  run.is_foreign,
  '' as lock_timeout,
  false as standby
from moment
left join (
  select l.execution_id as holder, l.expires_at as held_until
  from job_leases l, moment
  where l.lease_key = :key and l.expires_at > moment.now and l.heartbeat_at <= moment.now
) lease on true
left join (
  select cast(e.id as text) as latest, strftime('%Y-%m-%dT%H:%M:%f000Z', e.completed_at) as completed_at, e.heartbeat_at is null as is_foreign
  -- SQLite keeps the order of a cross join; the other order would read all runs of the job.
  from moment
  cross join job_executions e
  where e.job_name = :job
    and e.status = 'completed'
    -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
    and e.completed_at > strftime('%Y-%m-%d', moment.now, '-' || :window_seconds || ' seconds')
    and replace(e.completed_at, ' ', 'T') > strftime('%Y-%m-%dT%H:%M:%f000Z', moment.now, '-' || :window_seconds || ' seconds')
    -- Ignores a completion further than a window in the future.
    and replace(e.completed_at, ' ', 'T') <= strftime('%Y-%m-%dT%H:%M:%f000Z', moment.now, '+' || :window_seconds || ' seconds')
    -- What can't be read must not hide the next one.
    and strftime('%Y', e.completed_at) is not null
    and (:overridden or coalesce(e.result, '') not like '%"now_overridden":%true%')
  order by e.completed_at desc
  limit 1
) run on true
