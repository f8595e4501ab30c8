-- start_execution: inserts the row of a run that begins; it exists already if an earlier response was lost
-- :execution uuid          the run
-- :job       text          the job
-- :now       timestamptz   when it begins
-- :host      text          its host
-- :pid       integer       its process id on that host
insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid)
values (:execution, :job, :now, :now, 'running', :host, :pid)
on conflict (id) do nothing
