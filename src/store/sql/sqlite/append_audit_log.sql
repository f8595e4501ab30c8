-- append_audit_log: adds lines to an audit's log, which keeps the newest
-- :audit    text     the audit
-- :lines    text     the lines, a JSON list of texts
-- :source   text     who wrote them
-- :most     bigint   the most entries of the log
-- :clock    text     the hidden --now; null: the database's clock
update audit_reports
set execution_logs = (
  select json_group_array(json(entry))
  from (
    select entry
    from (
      select entry, place
      from (
        select old.value as entry, old.key as place
        from json_each(case when json_valid(audit_reports.execution_logs) then audit_reports.execution_logs else '[]' end) old
        where old.type = 'object'
        union all
        select
          json_object(
            'id', lower(hex(randomblob(16))),
            'timestamp', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
            'level', 'info',
            'message', new.value,
            'source', :source
          ),
          1000000000 + new.key
        from json_each(:lines) new
      )
      order by place desc
      limit :most
    )
    order by place
  )
)
where audit_id = :audit and status = 'in_progress'
