-- stuck_conversations: a page of conversations that are stuck in processing, the longest idle first
-- :clock        timestamptz        the hidden --now; null: the database's clock
-- :idle_seconds double precision   idle for this long is stuck
-- :after_at     text               idle_since of the last row of the previous page, as read; null: first page
-- :after_id     text               its id, as read
-- :most         bigint             the most rows
select
  c.id::text as id,
  coalesce(c.status::text, '') as status,
  c.claim_token::text as token,
  coalesce(c.processing_attempts, 0)::text as attempts,
  idle.since::text as idle_since,
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
  idle.since <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds) as is_idle
from (select coalesce(:clock::timestamptz, clock_timestamp()) + make_interval(secs => :idle_seconds) as latest) t
cross join conversations c
cross join lateral (
  -- [idle_since]
  -- No time later than `latest` is believed: a clock that has jumped must keep no conversation in processing.
  select
    coalesce(
      case when c.updated_at <= t.latest then c.updated_at end,
      case when c.processing_started_at <= t.latest then c.processing_started_at end,
      case when c.started_at <= t.latest then c.started_at end,
      timestamptz 'epoch'
    ) as since
  -- [/idle_since]
) idle
left join job_executions e on e.id = c.claimed_by
where c.status = 'processing'
  and
  -- [stuck]
  (idle.since <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds)
   or (c.claim_token is not null
       and c.claimed_by is not null
       and c.processing_started_at is not distinct from c.claimed_at
       and not exists (
         select 1
         from job_leases l
         where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock::timestamptz, clock_timestamp()) and l.heartbeat_at <= coalesce(:clock::timestamptz, clock_timestamp())
       )))
  -- [/stuck]
  and (:after_at::text is null
       or (idle.since, c.id)
          > (:after_at::text::timestamptz, :after_id::text::uuid))
order by idle.since, c.id
limit :most
