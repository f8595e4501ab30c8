-- stuck_conversation: a conversation by id, whatever its status
-- :clock        text   the hidden --now; null: the database's clock
-- :idle_seconds real   idle for this long is stuck
-- :conversation text   the conversation
select
  cast(c.id as text) as id,
  coalesce(cast(c.status as text), '') as status,
  cast(c.claim_token as text) as token,
  cast(coalesce(c.processing_attempts, 0) as text) as attempts,
  cast(coalesce(c.updated_at, c.processing_started_at, c.started_at, '1970-01-01T00:00:00.000000Z') as text) as idle_since,
  cast(c.claimed_by as text) as claimed_by,
  cast(e.host as text) as host,
  cast(e.pid as text) as pid,
  coalesce(
  -- [dead_owner]
  c.claim_token is not null
  and c.claimed_by is not null
  and c.processing_started_at is c.claimed_at
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) and l.heartbeat_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
  )
  -- [/dead_owner]
  , false) as owner_is_dead,
  replace(coalesce(c.updated_at, c.processing_started_at, c.started_at, '1970-01-01T00:00:00.000000Z'), ' ', 'T') <= strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '-' || :idle_seconds || ' seconds') as is_idle
from conversations c
left join job_executions e on e.id = c.claimed_by
where c.id = :conversation
