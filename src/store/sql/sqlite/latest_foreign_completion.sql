-- latest_foreign_completion: when another program last completed a job: its executions never had a heartbeat
-- :job   text   its name
-- :since text   ignore completions before this
-- :until text   ignore completions later than this
-- In the one spelling that can be read: other programs write times with a blank, without a zone, or without seconds.
select strftime('%Y-%m-%dT%H:%M:%f000Z', e.completed_at) as completed_at
from job_executions e
where e.job_name = :job
  and e.status = 'completed'
  and e.heartbeat_at is null
  -- The first bound is for the index; it holds for the spelling of `datetime()`, too.
  and e.completed_at > strftime('%Y-%m-%d', :since)
  and replace(e.completed_at, ' ', 'T') > :since
  and replace(e.completed_at, ' ', 'T') <= :until
  and strftime('%Y', e.completed_at) is not null
order by replace(e.completed_at, ' ', 'T') desc
limit 1
