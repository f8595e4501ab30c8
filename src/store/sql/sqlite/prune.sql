-- prune: deletes old executions of ours that their jobs no longer need, the oldest first
-- :cutoff text          executions that ended before this are old
-- :most   integer       the most rows
-- Uses the index job_executions_finished; each of the two subqueries reads one entry of an index by job.
delete from job_executions
where id in (
  select e.id
  from job_executions e
  where
  -- [prunable]
  e.status in ('completed', 'failed')
  and e.heartbeat_at is not null
  and coalesce(e.completed_at, e.started_at) < :cutoff
  and (
    e.started_at is null
    or e.started_at < (select max(l.started_at) from job_executions l where l.job_name = e.job_name)
  )
  and (
    e.status <> 'completed'
    or e.completed_at is null
    or e.completed_at < (
      select max(c.completed_at)
      from job_executions c
      where c.job_name = e.job_name and c.status = 'completed'
    )
  )
  -- [/prunable]
  order by coalesce(e.completed_at, e.started_at)
  limit :most
)
