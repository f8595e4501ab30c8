-- precheck: whether the schema is right, and whether a run is in the way
-- :clock          text      the hidden --now; null: the database's clock
-- :job            text      whose completed runs close the window
-- :key            text      the lease that other runs may hold
-- :window_seconds real      how long a completed run closes the window; null: not at all
-- :overridden     integer   whether this run has a --now; a run that had one closes no other's window
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
  select e.id as latest, e.completed_at, e.heartbeat_at is null as is_foreign
  -- A cross join is walked in this order: the other way round reads all runs of the job.
  from moment
  cross join job_executions e
  where e.job_name = :job
    and e.status = 'completed'
    and e.completed_at > strftime('%Y-%m-%dT%H:%M:%f000Z', moment.now, '-' || :window_seconds || ' seconds')
    -- A completion dated later than a window from now is not believed.
    and e.completed_at <= strftime('%Y-%m-%dT%H:%M:%f000Z', moment.now, '+' || :window_seconds || ' seconds')
    and (:overridden or coalesce(e.result, '') not like '%"now_overridden":%true%')
  order by e.completed_at desc
  limit 1
) run on true
