-- :rows finished conversations, :rows finished runs and a tenth as many finished audits, all narrow; and what is stuck comes with
-- stuck_reset_postgres.sql. The runs of the last week, of which `stats` reads a day, come one a minute in every size. The older
-- ones lie closer, so that none is beyond the 90 days after which scan-stuck deletes it. On a migrated, empty database:
--
--   psql -v ON_ERROR_STOP=1 -v rows=10000000 -f stuck_seed_postgres.sql

-- No look at foreign keys for each of the rows, and the indexes are built once, behind them.
set session_replication_role = replica;
create temp table indexes as select format('%I', i.indexrelid::regclass::text) as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i where i.indrelid in ('conversations'::regclass, 'job_executions'::regclass, 'audit_reports'::regclass)
        and not i.indisprimary;
select format('drop index %s', name) from indexes \gexec

insert into users (id) select lpad(to_hex(n), 32, '0')::uuid from generate_series(1, 1000) n;
insert into conversations (id, user_id, status, processing_attempts, started_at, last_message_at, processed_at, updated_at)
select lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(1 + n % 1000), 32, '0')::uuid, 'processed', 1, at, at, at, at
from generate_series(1, :rows) n, lateral (select now() - n * interval '1 second' as at) it;
-- The runs of the last day have met a conversation each, in both sizes.
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
