-- demo_lease: inserts an expired lease
-- :key      text   its name
-- :holder   text   the holder
-- :token    text   the holder's token
-- :host     text   the host
-- :began    text   when it was taken
-- :beat     text   the last renewal
-- :ends     text   when it expired
insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at)
values (:key, :holder, :token, :host, 4711, :began, :beat, :ends)
