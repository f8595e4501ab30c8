-- For `health`, `stats`, `status` and `report` over a year of runs: runs by job and time, and runs that processed a conversation.
create index if not exists job_executions_history on job_executions (job_name, started_at);
create index if not exists job_executions_worked on job_executions (started_at)
    where case when json_valid(result) then json_type(result, '$.conversations[0]') end is not null;
