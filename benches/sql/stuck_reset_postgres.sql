-- Makes ten conversations, ten audits and ten runs of another program stuck (again).

delete from job_executions where job_name in ('recover', 'scan-stuck');
delete from job_leases;
insert into conversations (id, user_id, status, processing_attempts, processing_started_at, last_message_at, updated_at, claim_token)
select ('ffffffff-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, lpad(to_hex(n), 32, '0')::uuid, 'processing', 1,
    now() - interval '1 hour', now() - interval '2 hours', now() - interval '1 hour', gen_random_uuid()
from generate_series(1, 10) n
on conflict (id) do update set status = 'processing', claim_token = excluded.claim_token, updated_at = excluded.updated_at,
    processing_attempts = 1, last_error = null;
insert into audit_reports (audit_id, status, audit_date)
select ('ffffffff-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'in_progress', now() - interval '1 hour'
from generate_series(1, 10) n
on conflict (audit_id) do update set status = 'in_progress', audit_date = excluded.audit_date, completed_at = null, summary = null,
    execution_logs = '[]';
insert into job_executions (id, job_name, started_at, status)
select ('ffffffff-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'another', now() - interval '3 hours', 'running'
from generate_series(1, 10) n
on conflict (id) do update set status = 'running', started_at = excluded.started_at, completed_at = null, result = null;
