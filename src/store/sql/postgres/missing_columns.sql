-- missing_columns: which of these columns are missing
-- :columns text   a JSON list of [table, column]
select
  w.item ->> 0 as "table",
  w.item ->> 1 as name,
  to_regclass(quote_ident(w.item ->> 0)) is null as no_table
from jsonb_array_elements(:columns::jsonb) with ordinality as w (item, place)
where not exists (
  select
  from pg_catalog.pg_attribute a
  where a.attrelid = to_regclass(quote_ident(w.item ->> 0))
    and a.attname = w.item ->> 1
    and a.attnum > 0
    and not a.attisdropped
)
order by w.place
