-- doctor_counts: counts rows that the jobs pass over or distrust, and sessions that block others
-- :now timestamptz   the database's time
-- scans: conversations
-- scans: job_executions
-- scans: users
select
  -- An id whose type is not uuid can have a spelling that matches nothing.
  case when (select a.atttypid = 'uuid'::regtype from pg_attribute a where a.attrelid = 'conversations'::regclass and a.attname = 'id')
    then 0
    else (select count(*) from conversations c
          where cast(c.id as text) !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
             or cast(c.user_id as text) !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')
  end as odd_ids,
  (select count(*) from job_executions e
   where e.completed_at > :now + interval '1 minute' or e.heartbeat_at > :now + interval '1 minute') as future_runs,
  (select count(*) from job_leases l where l.heartbeat_at > :now + interval '1 minute') as future_leases,
  (select count(*) from users u where isfinite(u.decayed_through) and u.decayed_through > :now + interval '1 minute') as future_watermarks,
  (select count(*) from job_executions e
   where e.heartbeat_at is null and e.started_at > :now - interval '1 day'
     and e.job_name in ('decay', 'process-conversations', 'recover', 'scan-stuck')) as foreign_runs,
  (select count(*) from pg_stat_activity a
   where a.datname = current_database() and a.wait_event_type = 'Lock'
     and a.state_change < clock_timestamp() - interval '10 seconds') as waiting,
  (select count(*) from pg_stat_activity a
   where a.datname = current_database() and a.state like 'idle in transaction%'
     and a.state_change < clock_timestamp() - interval '1 minute') as idle_in_transaction
