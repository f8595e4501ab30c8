-- missing_columns: which of these columns are missing
-- :columns text   a JSON list of [table, column]
select
  w.value ->> 0 as "table",
  w.value ->> 1 as name,
  not exists (
    select 1
    from sqlite_master m
    where m.type = 'table' and m.name = w.value ->> 0 collate nocase
  ) as no_table
from json_each(:columns) as w
where not exists (
  select 1
  from pragma_table_xinfo(w.value ->> 0) c
  where c.name = w.value ->> 1 collate nocase
)
order by w.key
