-- claim: takes the oldest due conversations for a run, never two of one player
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the run's time
-- :most_attempts integer       attempts after which a conversation fails
-- :rollout       integer       share of players, 0 to 100 percent
-- :execution     uuid          the run
-- :clock         timestamptz   the hidden --now; null: the database's clock
-- The store puts the limit into the text. With a parameter the server would not know that the limit is small, and would make a new plan
-- for each claim, which takes five times as long as the claim itself.
-- No retry later than in seven hours is believed: the longest pause is six hours, and a clock can jump.
-- Locks the run's row, so that give_back_claims waits for a claim in progress.
with moment as materialized (
  select
    coalesce(:clock::timestamptz, clock_timestamp()) as at,
    (select e.id from job_executions e where e.id = :execution for key share) as run
), silent as (
  select c.id, c.last_message_at as over_at
  from conversations c
  where
  -- [silent]
  c.last_message_at <= :cutoff
  -- [/silent]
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > :now::timestamptz + interval '7 hours')
  -- [/ready]
  -- [known_ids]
  and c.user_id is not null
  -- [/known_ids]
  -- [within_rollout]
  and (:rollout >= 100
       or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
           + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
  -- [/within_rollout]
  -- [first_of_its_player]
  and not exists (
    select 1
    from conversations o
    where
    -- [before_it]
    o.user_id = c.user_id
    and o.id <> c.id
    and o.status in ('active', 'processing')
    and (o.status = 'processing'
         or (o.status = 'active'
             and coalesce(o.processing_attempts, 0) < :most_attempts
             and (coalesce(o.refusals, 0) = 0 or o.next_attempt_at is null or o.next_attempt_at <= :now or o.next_attempt_at > :now::timestamptz + interval '7 hours')
             and (o.last_message_at <= :cutoff or (o.platform = 'voice' and o.ended_at <= :now))
             and (coalesce(o.last_message_at, o.ended_at), o.id)
               < (coalesce(c.last_message_at, c.ended_at), c.id)))
    -- [/before_it]
  )
  -- [/first_of_its_player]
  order by c.last_message_at
  limit 10 -- most
  for no key update skip locked
), ended as (
  select c.id, c.ended_at as over_at
  from conversations c
  where
  -- [ended]
  c.platform = 'voice'
  and c.ended_at <= :now
  and (c.last_message_at is null or c.last_message_at > :cutoff)
  -- [/ended]
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > :now::timestamptz + interval '7 hours')
  -- [/ready]
  -- [known_ids]
  and c.user_id is not null
  -- [/known_ids]
  -- [within_rollout]
  and (:rollout >= 100
       or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
           + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
  -- [/within_rollout]
  -- [first_of_its_player]
  and not exists (
    select 1
    from conversations o
    where
    -- [before_it]
    o.user_id = c.user_id
    and o.id <> c.id
    and o.status in ('active', 'processing')
    and (o.status = 'processing'
         or (o.status = 'active'
             and coalesce(o.processing_attempts, 0) < :most_attempts
             and (coalesce(o.refusals, 0) = 0 or o.next_attempt_at is null or o.next_attempt_at <= :now or o.next_attempt_at > :now::timestamptz + interval '7 hours')
             and (o.last_message_at <= :cutoff or (o.platform = 'voice' and o.ended_at <= :now))
             and (coalesce(o.last_message_at, o.ended_at), o.id)
               < (coalesce(c.last_message_at, c.ended_at), c.id)))
    -- [/before_it]
  )
  -- [/first_of_its_player]
  order by c.ended_at
  limit 10 -- most
  for no key update skip locked
), oldest as (
  select id
  from (select * from silent union all select * from ended) it
  order by over_at, id
  limit 10 -- most
), voided as (
  update conversations v
  set claim_token = null, claimed_by = null
  where v.id in (
    select v.id
    from conversations v
    where
    -- [void]
    v.claim_token is not null
    and v.status is distinct from 'processing'
    -- [/void]
    and v.id not in (select id from oldest)
    for no key update skip locked
  )
)
update conversations c
set
  status = 'processing',
  processing_attempts = coalesce(c.processing_attempts, 0) + 1,
  processing_started_at = moment.at,
  claimed_at = moment.at,
  updated_at = moment.at,
  claimed_by = coalesce(moment.run, :execution),
  claim_token = gen_random_uuid()
from oldest, moment
where c.id = oldest.id and c.status = 'active'
returning
  c.id,
  c.user_id,
  c.claim_token,
  cast(c.processing_attempts as bigint) as processing_attempts,
  cast(coalesce(c.provider_outages, 0) as bigint) as provider_outages,
  cast(coalesce(c.refusals, 0) as bigint) as refusals
