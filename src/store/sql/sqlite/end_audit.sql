-- end_audit: closes an audit that is in progress
-- :audit    text     the audit
-- :status   text     `completed`, `failed` or `cancelled`
-- :summary  text     the outcome, JSON
-- :clock    text   the hidden --now; null: the database's clock
update audit_reports
set
  status = :status,
  completed_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  summary = :summary
where audit_id = :audit and status = 'in_progress'
