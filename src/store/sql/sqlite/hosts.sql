-- hosts: where the runs of a time ran, the host that was seen last first
-- :since   text      from when on
-- :most    integer   at most so many hosts
select
  e.host,
  count(*) as runs,
  count(*) filter (where e.status = 'failed') as failed,
  count(*) filter (where e.status = 'running') as running,
  max(max(e.started_at, coalesce(e.heartbeat_at, ''), coalesce(e.completed_at, ''))) as seen_at
from job_executions e
where e.started_at >= :since
  and e.started_at < '9999'
  and e.host is not null
group by e.host
order by seen_at desc
limit :most
