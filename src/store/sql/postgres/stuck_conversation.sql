-- stuck_conversation: a conversation by id, whatever its status
-- :clock        timestamptz        the hidden --now; null: the database's clock
-- :idle_seconds double precision   idle for this long is stuck
-- :conversation text               the conversation
select
  c.id::text as id,
  coalesce(c.status::text, '') as status,
  c.claim_token::text as token,
  coalesce(c.processing_attempts, 0)::text as attempts,
  coalesce(c.updated_at, c.processing_started_at, c.started_at, timestamptz 'epoch')::text as idle_since,
  c.claimed_by::text as claimed_by,
  e.host,
  e.pid::text as pid,
  coalesce(
  -- [dead_owner]
  c.claim_token is not null
  and c.claimed_by is not null
  and c.processing_started_at is not distinct from c.claimed_at
  and not exists (
    select 1
    from job_leases l
    where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock::timestamptz, clock_timestamp()) and l.heartbeat_at <= coalesce(:clock::timestamptz, clock_timestamp())
  )
  -- [/dead_owner]
  , false) as owner_is_dead,
  coalesce(c.updated_at, c.processing_started_at, c.started_at, timestamptz 'epoch') <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds) as is_idle
from conversations c
left join job_executions e on e.id = c.claimed_by
where c.id = :conversation::text::uuid
