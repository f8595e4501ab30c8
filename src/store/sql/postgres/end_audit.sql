-- end_audit: closes an audit that is in progress
-- :audit    uuid     the audit
-- :status   text     `completed`, `failed` or `cancelled`
-- :summary  text     the outcome, JSON
-- :clock    timestamptz   the hidden --now; null: the database's clock
update audit_reports
set
  status = :status,
  completed_at = coalesce(:clock::timestamptz, clock_timestamp()),
  summary = :summary::jsonb
where audit_id = :audit and status = 'in_progress'
