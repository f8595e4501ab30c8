-- start_execution: the row of a run that begins; there already where the answer was lost
-- :execution uuid          the run
-- :job       text          of which job
-- :now       timestamptz   when it begins
-- :host      text          where it runs
-- :pid       integer       its process there
insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid)
values (:execution, :job, :now, :now, 'running', :host, :pid)
on conflict (id) do nothing
