-- doctor_counts: counts rows that the jobs pass over or distrust, and sessions that block others
-- :now text   the database's time
-- scans: conversations
-- scans: job_executions
-- scans: users
select
  (select count(*) from conversations c
   where (c.id glob '????????-????-????-????-????????????' and c.id not glob '*[^0-9a-f-]*' and length(replace(c.id, '-', '')) = 32) is not true
      or (c.user_id glob '????????-????-????-????-????????????' and c.user_id not glob '*[^0-9a-f-]*' and length(replace(c.user_id, '-', '')) = 32) is not true) as odd_ids,
  (select count(*) from job_executions e
   where julianday(e.completed_at) > julianday(:now) + 1.0 / 1440 or julianday(e.heartbeat_at) > julianday(:now) + 1.0 / 1440) as future_runs,
  (select count(*) from job_leases l where julianday(l.heartbeat_at) > julianday(:now) + 1.0 / 1440) as future_leases,
  (select count(*) from users u where julianday(u.decayed_through) > julianday(:now) + 1.0 / 1440) as future_watermarks,
  (select count(*) from job_executions e
   where e.heartbeat_at is null and julianday(e.started_at) > julianday(:now) - 1
     and e.job_name in ('decay', 'process-conversations', 'recover', 'scan-stuck')) as foreign_runs,
  0 as waiting,
  0 as idle_in_transaction
