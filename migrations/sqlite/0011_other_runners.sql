-- needs: 0010
-- What another program has completed: its executions never have a heartbeat. One look finds the latest, however many are ours.
create index if not exists job_executions_foreign on job_executions (job_name, completed_at)
    where status = 'completed' and heartbeat_at is null;
