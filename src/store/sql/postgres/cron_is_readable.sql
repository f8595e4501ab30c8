-- cron_is_readable: whether `pg_cron` exists and this role can read its schedules
select coalesce(
  to_regclass('cron.job') is not null
  and has_schema_privilege('cron', 'usage')
  and has_table_privilege(to_regclass('cron.job'), 'select'),
  false
)
