-- recent_run: the completed run that closes a job's window
-- :job            text               the job
-- :now            timestamptz        the run's time
-- :window_seconds double precision   how long a completed run closes the window
-- :overridden     boolean            whether this run has a --now; if not, runs with one do not close its window
select e.id::text as id, e.completed_at, e.heartbeat_at is null as is_foreign
from job_executions e
where e.job_name = :job
  and e.status = 'completed'
  and e.completed_at > :now::timestamptz - make_interval(secs => :window_seconds)
  -- Ignores a completion further than a window in the future.
  and e.completed_at <= :now::timestamptz + make_interval(secs => :window_seconds)
  and (:overridden or coalesce(e.result::text, '') not like '%"now_overridden":%true%')
order by e.completed_at desc
limit 1
