-- demo_lease: a lease that has run out
-- :key      text   its name
-- :holder   text   whose
-- :token    text   drawn by them
-- :host     text   where
-- :began    text   taken
-- :beat     text   renewed last
-- :ends     text   run out
insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at)
values (:key, :holder, :token, :host, 4711, :began, :beat, :ends)
