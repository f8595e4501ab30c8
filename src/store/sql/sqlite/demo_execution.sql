-- demo_execution: inserts a run whose host has died
-- :id      text   its id
-- :began   text   when it began
-- :beat    text   its last heartbeat
-- :host    text   the host
insert into job_executions (id, job_name, started_at, heartbeat_at, status, result, host, pid)
values (:id, 'process-conversations', :began, :beat, 'running', '{"progress":{"conversations":3}}', :host, 4711)
