-- table_exists: whether there is such a table
-- :table text   its name
select to_regclass(quote_ident(:table)) is not null
