-- check_runs_alone: runs that began during another run of the job
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_executions
with ends as (
    select e.id, e.job_name, e.started_at,
        case when e.status = 'completed' and e.completed_at <= clock_timestamp() then
            -- A clock that jumped during the run makes its end too late, not how long it took.
            least(e.completed_at, e.started_at + case when e.duration_ms between 0 and 1e12 then e.duration_ms end * interval '1 millisecond')
        end as ended
    from job_executions e
    where e.heartbeat_at is not null and e.job_name in ('decay', 'scan-stuck')
      and e.started_at between '0001-01-01' and '9990-12-31'
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
where r.ended > r.started_at + interval '15 seconds'
  and (r.started_at >= :since) is not false
order by r.id
limit :most
