-- check_runs_alone: runs that began during another run of the job
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_executions
with ends as (
    select e.id, e.job_name, e.started_at,
        case when e.status = 'completed' and e.completed_at <= strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') then
            -- A clock that jumped during the run makes its end too late, not how long it took.
            min(e.completed_at, coalesce(strftime('%Y-%m-%dT%H:%M:%f000Z', e.started_at, (e.duration_ms / 1000.0) || ' seconds'), e.completed_at))
        end as ended
    from job_executions e
    where e.heartbeat_at is not null and e.job_name in ('decay', 'scan-stuck')
), runs as (
    select e.id, e.job_name, e.started_at,
        max(e.ended) over (
            partition by e.job_name order by e.started_at, e.id rows between unbounded preceding and 1 preceding
        ) as ended
    from ends e
)
-- A run reads the time before it waits for the lease, for at most the timeout of a response.
select cast(r.id as text) as id, cast(r.job_name as text) || ' began while another of it went on until ' || cast(r.ended as text) as found
from runs r
where (julianday(r.ended) - julianday(r.started_at)) * 86400 > 15
  and (r.started_at >= :since) is not false
order by r.id
limit :most
