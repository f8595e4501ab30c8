-- finish_execution: closes a running execution
-- :clock       timestamptz   the hidden --now; null: the database's clock
-- :execution   uuid          the run
-- :status      text          completed or failed
-- :duration_ms bigint        how long it took
-- :result      jsonb         the result, as on stdout
-- :cost_usd    text          its cost
update job_executions
set
  status = :status,
  completed_at = coalesce(:clock::timestamptz, clock_timestamp()),
  duration_ms = :duration_ms,
  result = :result,
  cost_usd = cast(:cost_usd as numeric)
where id = :execution and status = 'running'
