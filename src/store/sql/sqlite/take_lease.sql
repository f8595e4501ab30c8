-- take_lease: takes a lease that is free or dead, or that is ours already, because an answer was lost
-- :clock     text      the hidden --now; null: the database's clock
-- :key       text      its name
-- :execution text      the run
-- :token     text      proves that it is ours
-- :host      text      where it runs
-- :pid       integer   its process there
-- :seconds   real      how long it lives without a renewal
insert into job_leases as held (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at)
select
  :key, :execution, :token, :host, :pid, t.now, t.now, strftime('%Y-%m-%dT%H:%M:%f000Z', t.now, '+' || :seconds || ' seconds')
from (select coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) as now) t
where true
on conflict (lease_key) do update
set
  execution_id = excluded.execution_id,
  token = excluded.token,
  host = excluded.host,
  pid = excluded.pid,
  acquired_at = excluded.acquired_at,
  heartbeat_at = excluded.heartbeat_at,
  expires_at = excluded.expires_at
where held.expires_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
   -- Renewed later than now: the clock has jumped, and it is not believed.
   or held.heartbeat_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
   or held.token = excluded.token
returning acquired_at
