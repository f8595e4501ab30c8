-- append_audit_log: adds lines to an audit's log, which keeps the newest
-- :audit    uuid     the audit
-- :lines    text     the lines, a JSON list of texts
-- :source   text     who wrote them
-- :most     bigint   the most entries of the log
-- :clock    timestamptz   the hidden --now; null: the database's clock
update audit_reports r
set execution_logs = (
  select jsonb_agg(entry order by place)
  from (
    select entry, place
    from (
      select entry, place
      from jsonb_array_elements(
        case
          when jsonb_typeof(cast(r.execution_logs as jsonb)) = 'array' then cast(r.execution_logs as jsonb)
          else '[]'
        end
      ) with ordinality old(entry, place)
      union all
      select
        jsonb_build_object(
          'id', gen_random_uuid(),
          'timestamp', coalesce(:clock::timestamptz, clock_timestamp()),
          'level', 'info',
          'message', line,
          'source', :source::text
        ),
        1000000000 + place
      from jsonb_array_elements_text(:lines::jsonb) with ordinality new(line, place)
    ) entries
    order by place desc
    limit :most
  ) newest
)
where r.audit_id = :audit and r.status = 'in_progress'
