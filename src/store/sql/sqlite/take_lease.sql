-- take_lease: takes a lease that is free or expired, or that is already ours because a response was lost
-- :clock     text      the hidden --now; null: the database's clock
-- :key       text      its name
-- :execution text      the run
-- :token     text      proof that it is ours
-- :host      text      its host
-- :pid       integer   its process id on that host
-- :seconds   real      how long it lasts without a renewal
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
   -- A renewal in the future is not believed: the clock has jumped back.
   or held.heartbeat_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
   or held.token = excluded.token
returning acquired_at
