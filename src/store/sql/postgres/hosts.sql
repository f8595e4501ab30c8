-- hosts: where the runs of a time ran, the host that was seen last first
-- :since   timestamptz   from when on
-- :most    bigint        at most so many hosts
select
  e.host,
  count(*) as runs,
  count(*) filter (where cast(e.status as text) = 'failed') as failed,
  count(*) filter (where cast(e.status as text) = 'running') as running,
  max(greatest(e.started_at, e.heartbeat_at, e.completed_at)) as seen_at
from job_executions e
where e.started_at >= :since
  and e.started_at < 'infinity'
  and e.host is not null
group by e.host
order by seen_at desc
limit :most
