-- recent_run: the completed run that closes a job's window
-- :job            text      the job
-- :now            text      the run's time
-- :window_seconds real      how long a completed run closes the window
-- :overridden     integer   whether this run has a --now; if not, runs with one do not close its window
select cast(e.id as text) as id, strftime('%Y-%m-%dT%H:%M:%f000Z', e.completed_at) as completed_at, e.heartbeat_at is null as is_foreign
from job_executions e
where e.job_name = :job
  and e.status = 'completed'
  -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
  and e.completed_at > strftime('%Y-%m-%d', :now, '-' || :window_seconds || ' seconds')
  and replace(e.completed_at, ' ', 'T') > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '-' || :window_seconds || ' seconds')
  -- Ignores a completion further than a window in the future.
  and replace(e.completed_at, ' ', 'T') <= strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+' || :window_seconds || ' seconds')
  -- What can't be read must not hide the next one.
  and strftime('%Y', e.completed_at) is not null
  and (:overridden or coalesce(e.result, '') not like '%"now_overridden":%true%')
order by e.completed_at desc
limit 1
