-- finish_execution: closes a running execution
-- :clock       text      the hidden --now; null: the database's clock
-- :execution   text      the run
-- :status      text      completed or failed
-- :duration_ms integer   how long it took
-- :result      text      the result, as on stdout
-- :cost_usd    text      its cost
update job_executions
set
  status = :status,
  completed_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  duration_ms = :duration_ms,
  result = :result,
  cost_usd = cast(:cost_usd as real)
where id = :execution and status = 'running'
