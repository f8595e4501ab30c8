-- lock_execution: locks an execution and its leases; whether another session holds any of them
-- :execution   uuid   which one
with leases as (
  select 1
  from job_leases l
  where l.execution_id = :execution
  for update skip locked
), execution as (
  select 1
  from job_executions e
  where e.id = :execution
  for update skip locked
)
select
  -- As they were before this statement: what is there and was not locked, another session holds.
  (select count(*) from job_leases l where l.execution_id = :execution) > (select count(*) from leases)
  or (select count(*) from job_executions e where e.id = :execution) > (select count(*) from execution) as locked
