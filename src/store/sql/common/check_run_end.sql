-- check_run_end: running executions with an end, or ended ones without
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: job_executions
select cast(e.id as text) as id,
    cast(e.status as text) || case when e.completed_at is null then ', without an end' else ', with an end' end as found
from job_executions e
where e.heartbeat_at is not null and (e.status = 'running') <> (e.completed_at is null)
  and (e.heartbeat_at >= :since) is not false
order by e.id
limit :most
