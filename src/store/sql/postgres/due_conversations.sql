-- due_conversations: the oldest due conversations, never two of one player, as a claim takes them
-- :cutoff        timestamptz   the last message must not be later
-- :now           timestamptz   the run's time
-- :most_attempts integer       attempts after which a conversation is given up
-- :rollout       integer       share of players, 0 to 100 percent
-- :most          bigint        at most so many
with silent as (
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
  limit :most
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
  limit :most
)
select id::text as id
from (select * from silent union all select * from ended) it
order by over_at, id
limit :most
