-- why_conversation: the rule by which a claim would take a conversation or pass it over
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the run's time
-- :most_attempts integer   attempts after which a conversation fails
-- :rollout       integer   share of players, 0 to 100 percent
-- :conversation  text   the conversation
-- :batch         bigint   count at most this many that a claim takes before it
with asked as (
  select
    c.id,
    case when c.last_message_at <= :cutoff then c.last_message_at else c.ended_at end as over_at
  from conversations c
  where c.id = :conversation::text::uuid
)
select
  -- [why]
  case
    when cast(c.status as text) in ('processed', 'failed', 'processing') then cast(c.status as text)
    when cast(c.status as text) is null or cast(c.status as text) <> 'active' then 'unknown_status'
    when not (true
      -- [known_ids]
      and c.user_id is not null
      -- [/known_ids]
    ) then 'odd_id'
    when not
      -- [over]
      (coalesce(c.last_message_at <= :cutoff, false)
       or coalesce(c.platform = 'voice'
         and c.ended_at <= :now
         and (c.last_message_at is null or c.last_message_at > :cutoff), false))
      -- [/over]
    then 'not_over'
    when coalesce(c.processing_attempts, 0) >= :most_attempts then 'attempts_used'
    when c.next_attempt_at > :now and c.next_attempt_at <= :now::timestamptz + interval '7 hours' then 'pause'
    when not (true
      -- [within_rollout]
      and (:rollout >= 100
           or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
               + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
      -- [/within_rollout]
    ) then 'rollout'
    when
      -- [busy]
      exists (
        select 1
        from conversations b
        where b.user_id = c.user_id and b.id <> c.id and b.status = 'processing'
      )
      -- [/busy]
    then 'player_busy'
    when not (true
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
    ) then 'older_first'
    when not (true
      -- [ready]
      -- [unspent]
      and c.status = 'active'
      and coalesce(c.processing_attempts, 0) < :most_attempts
      -- [/unspent]
      and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > :now::timestamptz + interval '7 hours')
      -- [/ready]
    ) then 'not_ready'
    else 'due'
  end
  -- [/why]
  as rule,
  cast(coalesce(c.processing_attempts, 0) as bigint) as attempts,
  c.next_attempt_at,
  c.last_message_at,
  c.last_error,
  (
    select count(*)
    from (
      (
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
        and (c.last_message_at, c.id) < (select a.over_at, a.id from asked a)
        limit :batch
      )
      union all
      (
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
        and (c.ended_at, c.id) < (select a.over_at, a.id from asked a)
        limit :batch
      )
    ) older
  ) as older,
  (
    select cast(o.id as text)
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
    order by
      case when o.status = 'processing' then 0 else 1 end,
      coalesce(o.last_message_at, o.ended_at),
      o.id
    limit 1
  ) as held_by
from conversations c
where c.id = :conversation::text::uuid
