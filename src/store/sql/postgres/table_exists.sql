-- table_exists: whether a table exists
-- :table text   its name
select to_regclass(quote_ident(:table)) is not null
