-- Audits: work of other programs that scan-stuck watches (specification, part 02; docs/audits.md explains the other programs' part).

create table if not exists audit_reports (
    -- Checked, because another program writes it, and an id in another spelling would be found by nobody.
    audit_id       text primary key not null default (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))
                   check (audit_id glob '????????-????-????-????-????????????' and audit_id not glob '*[^0-9a-f-]*'),
    audit_type     text not null default '',
    status         text not null default 'pending'
                   check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
    audit_date     text not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) check (audit_date glob '????-??-??T??:??:??.??????Z'),
    completed_at   text check (completed_at glob '????-??-??T??:??:??.??????Z'),
    summary        text,
    execution_logs text not null default '[]'
) strict;
alter table audit_reports add column if not exists completed_at text check (completed_at glob '????-??-??T??:??:??.??????Z');
alter table audit_reports add column if not exists summary text;
alter table audit_reports add column if not exists execution_logs text not null default '[]';
-- A scan reads only the running ones, at a cost that does not grow with the finished ones.
create index if not exists audit_reports_in_progress on audit_reports (audit_date) where status = 'in_progress';
