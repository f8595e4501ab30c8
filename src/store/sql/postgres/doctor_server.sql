-- doctor_server: the connection as the server sees it, and what the server waits for
select
  coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false) as encrypted,
  current_setting('ssl') = 'on' as offers_tls,
  inet_server_port() as port,
  pg_is_in_recovery() as standby,
  current_setting('synchronous_standby_names') <> '' as waits_for_standby,
  (select count(*) from pg_stat_replication) as standbys
