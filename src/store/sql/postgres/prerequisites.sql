-- prerequisites: what prevents this role from working on this database
-- :written text   a JSON list of the tables whose rows the jobs write
-- :read    text   a JSON list of those that they only read
select
  current_setting('server_encoding') as encoding,
  pg_is_in_recovery() as is_standby,
  coalesce((
    select string_agg(t.name, ', ' order by t.name)
    from (
      select jsonb_array_elements_text(:written::jsonb) as name
      union all
      select jsonb_array_elements_text(:read::jsonb)
    ) t
    where to_regclass(quote_ident(t.name)) is not null
      and row_security_active(to_regclass(quote_ident(t.name)))
  ), '') as hidden,
  coalesce((
    select string_agg(t.name, ', ' order by t.name)
    from (
      select jsonb_array_elements_text(:written::jsonb) as name, true as writes
      union all
      select jsonb_array_elements_text(:read::jsonb), false
    ) t
    where to_regclass(quote_ident(t.name)) is not null
      and not (
        has_table_privilege(to_regclass(quote_ident(t.name)), 'select')
        and (
          not t.writes
          or has_table_privilege(to_regclass(quote_ident(t.name)), 'insert')
          and has_table_privilege(to_regclass(quote_ident(t.name)), 'update')
        )
      )
  ), '') as ungranted
