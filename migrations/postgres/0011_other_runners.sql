-- needs: 0010
-- Runs of other programs, whose executions never have a heartbeat. Finds the latest at once, however many runs are ours.
create index if not exists job_executions_foreign on job_executions (job_name, completed_at)
    where status = 'completed' and heartbeat_at is null;
