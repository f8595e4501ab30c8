-- Looking back (`health`, `stats`, `status`, `report`) over a year of runs: by job and time, and the runs that met a conversation.
create index if not exists job_executions_history on job_executions (job_name, started_at);
create index if not exists job_executions_worked on job_executions (started_at)
    where case when json_valid(result) then json_type(result, '$.conversations[0]') end is not null;
