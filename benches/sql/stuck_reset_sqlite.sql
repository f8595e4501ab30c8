-- Makes ten conversations, ten audits and ten runs of another program stuck (again).

begin immediate;
delete from job_executions where job_name in ('recover', 'scan-stuck');
delete from job_leases;
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 10)
insert or replace into conversations
    (id, user_id, status, processing_attempts, processing_started_at, last_message_at, updated_at, claim_token)
select printf('ffffffff-0000-4000-8000-%012x', n), printf('00000000-0000-4000-8000-%012x', n), 'processing', 1,
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-1 hour'), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-2 hours'),
    strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-1 hour'), printf('ffffffff-0000-4000-8001-%012x', n)
from counted;
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 10)
insert or replace into audit_reports (audit_id, status, audit_date)
select printf('ffffffff-0000-4000-8000-%012x', n), 'in_progress', strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-1 hour') from counted;
with recursive counted (n) as (select 1 union all select n + 1 from counted where n < 10)
insert or replace into job_executions (id, job_name, started_at, status)
select printf('ffffffff-0000-4000-8000-%012x', n), 'another', strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-3 hours'), 'running'
from counted;
commit;
