-- demo_audit: an audit that the dead host was making
-- :id      text   which one
-- :began   text   its beginning
-- :logs    text   its log
insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs)
values (:id, 'nightly', 'in_progress', :began, :logs)
