-- begin_audit: inserts an audit in progress
-- :audit    text   the audit
-- :kind     text   its type
-- :clock    text   the hidden --now; null: the database's clock
insert into audit_reports (audit_id, audit_type, status, audit_date)
values (:audit, :kind, 'in_progress', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')))
