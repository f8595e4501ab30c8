-- :rows finished conversations, :rows finished runs and a tenth as many finished audits, all narrow rows; stuck_reset_postgres.sql
-- adds the stuck ones. In the last week, of which `stats` reads a day, there is a run every minute, whatever :rows is. Older runs are
-- closer together, so that none is older than the 90 days after which scan-stuck deletes it. On a migrated, empty database:
--
--   psql -v ON_ERROR_STOP=1 -v rows=10000000 -f stuck_seed_postgres.sql

-- Foreign keys are not checked, and the indexes are created after the rows, to save time.
set session_replication_role = replica;
create temp table indexes as select format('%I', i.indexrelid::regclass::text) as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i where i.indrelid in ('conversations'::regclass, 'job_executions'::regclass, 'audit_reports'::regclass)
        and not i.indisprimary;
select format('drop index %s', name) from indexes \gexec

insert into users (id) select lpad(to_hex(n), 32, '0')::uuid from generate_series(1, 1000) n;
insert into conversations (id, user_id, status, processing_attempts, started_at, last_message_at, processed_at, updated_at)
select lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(1 + n % 1000), 32, '0')::uuid, 'processed', 1, at, at, at, at
from generate_series(1, :rows) n, lateral (select now() - n * interval '1 second' as at) it;
-- Each run of the last day has processed a conversation, whatever :rows is.
insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status, duration_ms, host, pid, result)
select lpad(to_hex(n), 32, '0')::uuid, 'process-conversations', at, at, at, 'completed', 40, 'host', 1,
    case when n <= 1440 then jsonb_build_object('status', 'ok', 'processed', 1, 'conversations', jsonb_build_array(jsonb_build_object(
        'conversation_id', lpad(to_hex(n), 32, '0')::uuid, 'status', 'success', 'total_duration_ms', 30, 'stage_results',
        '{"extraction": {"status": "success", "duration_ms": 5.0, "error": null}}'::jsonb))) end
from generate_series(1, :rows) n, lateral (select now() - case when n <= 10080 then n * interval '1 minute'
    else interval '7 days' + (n - 10080) * (interval '80 days' / :rows) end as at) it;
insert into audit_reports (audit_id, status, audit_date, completed_at)
select lpad(to_hex(n), 32, '0')::uuid, 'completed', at, at
from generate_series(1, :rows / 10) n, lateral (select now() - n * interval '10 minutes' as at) it;

select definition from indexes \gexec
vacuum (analyze) conversations;
vacuum (analyze) job_executions;
vacuum (analyze) audit_reports;
