-- Audits: work of other programs that scan-stuck watches (specification, part 02; docs/audits.md explains the other programs' part).

create table if not exists audit_reports (
    audit_id       uuid primary key default gen_random_uuid(),
    audit_type     text not null default '',
    status         text not null default 'pending'
                   check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
    audit_date     timestamptz not null default now(),
    completed_at   timestamptz,
    summary        jsonb,
    execution_logs jsonb not null default '[]'
);
alter table audit_reports add column if not exists completed_at timestamptz;
alter table audit_reports add column if not exists summary jsonb;
alter table audit_reports add column if not exists execution_logs jsonb not null default '[]';
comment on column audit_reports.audit_date is 'When the audit began';
-- A scan reads only the running ones, at a cost that does not grow with the finished ones.
create index if not exists audit_reports_in_progress on audit_reports (audit_date) where status = 'in_progress';
