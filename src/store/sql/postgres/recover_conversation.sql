-- recover_conversation: takes a stuck conversation out of processing, unless it is locked or has changed
-- :clock        timestamptz        the hidden --now; null: the database's clock
-- :idle_seconds double precision   stuck where nothing has moved for this long
-- :conversation text               which one
-- :token        text               the claim that it was seen with; null: the application holds it
-- :status       text               where it goes: active, failed
-- :reason       text               the evidence
-- :by_hand      boolean            also where it is not stuck
with free as (
  select c.id
  from conversations c
  where c.id = :conversation::text::uuid
    and c.status = 'processing'
    and c.claim_token is not distinct from :token::text::uuid
    and (:by_hand or
    -- [stuck]
    (coalesce(c.updated_at, c.processing_started_at, c.started_at, timestamptz 'epoch')
       <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds)
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
  for no key update skip locked
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
  -- As it was before this statement: where it still stood so and was not recovered, another transaction holds it.
  exists (
    select 1
    from conversations c
    where c.id = :conversation::text::uuid
      and c.status = 'processing'
      and c.claim_token is not distinct from :token::text::uuid
      and (:by_hand or
      -- [stuck]
      (coalesce(c.updated_at, c.processing_started_at, c.started_at, timestamptz 'epoch')
         <= coalesce(:clock::timestamptz, clock_timestamp()) - make_interval(secs => :idle_seconds)
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
