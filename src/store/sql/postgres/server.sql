-- server: the server's version, and whether it has pgvector
select
  cast(current_setting('server_version_num') as integer),
  split_part(current_setting('server_version'), ' ', 1),
  exists (select from pg_extension where extname = 'vector'),
  exists (
    select
    from pg_available_extensions
    where name = 'vector'
  )
