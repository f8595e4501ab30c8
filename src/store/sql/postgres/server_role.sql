-- server_role: the server's role, and whether our settings are in force; sent in the simple protocol
select
  pg_is_in_recovery() as standby,
  current_setting('lock_timeout') as lock_timeout,
  case
    when not pg_is_in_recovery() or pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
    else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())
  end::float8 as lag_seconds
