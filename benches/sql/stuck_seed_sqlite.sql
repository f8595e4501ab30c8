-- The rows of stuck_seed_postgres.sql for SQLite. On a migrated, empty file:
--
--   sqlite3 FILE -cmd '.parameter init' -cmd '.parameter set :rows 10000000' < stuck_seed_sqlite.sql

pragma synchronous = off;
pragma foreign_keys = off;
pragma cache_size = -500000;
begin;
-- The rows are inserted in the order of every index, so creating the indexes later would not save time.
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 1000)
insert into users (id) select printf('00000000-0000-4000-8000-%012x', n) from counted;
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < :rows)
insert into conversations (id, user_id, status, processing_attempts, started_at, last_message_at, processed_at, updated_at)
select printf('00000000-0000-4000-8000-%012x', n), printf('00000000-0000-4000-8000-%012x', 1 + n * 1000 / (:rows + 1)), 'processed', 1,
    at, at, at, at
from (select n, strftime('%Y-%m-%dT%H:%M:%S.000000Z', unixepoch('now') - :rows + n, 'unixepoch') as at from counted);
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < :rows)
insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status, duration_ms, host, pid, result)
select printf('00000000-0000-4000-8000-%012x', n), 'process-conversations', at, at, at, 'completed', 40, 'host', 1,
    case when n > :rows - 1440 then json_object('status', 'ok', 'processed', 1, 'conversations', json_array(json_object(
        'conversation_id', printf('00000000-0000-4000-8000-%012x', n), 'status', 'success', 'total_duration_ms', 30, 'stage_results',
        json('{"extraction": {"status": "success", "duration_ms": 5.0, "error": null}}')))) end
from (select n, strftime('%Y-%m-%dT%H:%M:%S.000000Z', unixepoch('now') - case when :rows - n <= 10080 then (:rows - n) * 60
    else 604800 + (:rows - n - 10080) * 6912000 / :rows end, 'unixepoch') as at from counted);
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < :rows / 10)
insert into audit_reports (audit_id, status, audit_date, completed_at)
select printf('00000000-0000-4000-8000-%012x', n), 'completed', at, at
from (select n, strftime('%Y-%m-%dT%H:%M:%S.000000Z', unixepoch('now') - (:rows / 10 - n) * 600, 'unixepoch') as at from counted);
commit;
pragma wal_checkpoint(truncate);
pragma analysis_limit = 1000;
analyze;
