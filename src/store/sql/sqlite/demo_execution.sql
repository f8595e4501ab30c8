-- demo_execution: a run whose host has died
-- :id      text   which one
-- :began   text   its beginning
-- :beat    text   its last heartbeat
-- :host    text   where
insert into job_executions (id, job_name, started_at, heartbeat_at, status, result, host, pid)
values (:id, 'process-conversations', :began, :beat, 'running', '{"progress":{"conversations":3}}', :host, 4711)
