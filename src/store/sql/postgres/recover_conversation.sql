-- recover_conversation: takes a stuck conversation out of processing, unless it is locked or has changed
-- :clock        timestamptz        the hidden --now; null: the database's clock
-- :idle_seconds double precision   idle for this long is stuck
-- :conversation text               the conversation
-- :token        text               the token that was read; null: the application holds it
-- :status       text               the new status: active or failed
-- :reason       text               the reason
-- :by_hand      boolean            whether to recover it even if it is not stuck
with free as (
  select c.id
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
  where c.id = :conversation::text::uuid
    and c.status = 'processing'
    and c.claim_token is not distinct from :token::text::uuid
    and (:by_hand or
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
    )
  for no key update of c skip locked
), recovered as (
  update conversations c
  set
    status = :status,
    claimed_by = null,
    claim_token = null,
    processing_started_at = null,
    next_attempt_at = null,
    last_error = :reason,
    updated_at = coalesce(:clock::timestamptz, clock_timestamp())
  from free
  where c.id = free.id
  returning c.id
)
select
  exists (select 1 from recovered) as recovered,
  -- Sees the row as before this statement: if it matches but was not recovered, another transaction has locked it.
  exists (
    select 1
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
    where c.id = :conversation::text::uuid
      and c.status = 'processing'
      and c.claim_token is not distinct from :token::text::uuid
      and (:by_hand or
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
      )
  ) as stood
