-- needs: 0010
-- For dashboards and operators: the latest runs, and conversations that failed or wait. Only the names of the columns are stable;
-- columns can be added.
create or replace view nikita_jobs_latest_runs as
select
    e.job_name, e.id as execution_id, e.status, e.started_at, e.completed_at, e.duration_ms, e.cost_usd, e.heartbeat_at, e.host, e.pid
from job_executions e
where not exists (
    select 1 from job_executions n where n.job_name = e.job_name and n.started_at > e.started_at
);
create or replace view nikita_jobs_failures as
select
    c.id as conversation_id, c.user_id, c.status, c.processing_attempts, c.next_attempt_at, c.last_error, c.updated_at
from conversations c
where c.status = 'failed'
    or (c.status = 'active' and c.last_error is not null
        and (coalesce(c.processing_attempts, 0) > 0 or c.next_attempt_at is not null));
-- Failed conversations among millions of others.
create index if not exists conversations_failed on conversations (updated_at) where status = 'failed';
create index if not exists conversations_tried on conversations (updated_at) where status = 'active' and last_error is not null;
create index if not exists job_executions_started on job_executions (started_at);

-- By default a view has its owner's rights and would bypass row-level security. From PostgreSQL 15 on it can have the caller's.
do $$
begin
    if current_setting('server_version_num')::integer >= 150000 then
        alter view nikita_jobs_latest_runs set (security_invoker = true);
        alter view nikita_jobs_failures set (security_invoker = true);
    else
        execute 'revoke all on nikita_jobs_latest_runs, nikita_jobs_failures from public';
    end if;
end
$$;
