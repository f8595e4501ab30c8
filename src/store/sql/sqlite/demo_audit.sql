-- demo_audit: inserts an audit that the dead host was running
-- :id      text   its id
-- :began   text   when it began
-- :logs    text   its log
insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs)
values (:id, 'nightly', 'in_progress', :began, :logs)
