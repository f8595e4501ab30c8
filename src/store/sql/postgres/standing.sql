-- standing: a conversation's state, for a claim by hand
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the run's time
-- :most_attempts integer       attempts after which a conversation fails
-- :conversation  uuid          the conversation
select
  coalesce(cast(c.status as text), '') as status,
  c.last_error,
  cast(coalesce(c.processing_attempts, 0) as bigint) as attempts,
  not (true
    -- [known_ids]
    and c.user_id is not null
    -- [/known_ids]
  ) as is_odd,
  -- [over]
  (coalesce(c.last_message_at <= :cutoff, false)
   or coalesce(c.platform = 'voice'
     and c.ended_at <= :now
     and (c.last_message_at is null or c.last_message_at > :cutoff), false))
  -- [/over]
  as is_over,
  -- [busy]
  exists (
    select 1
    from conversations b
    where b.user_id = c.user_id and b.id <> c.id and b.status = 'processing'
  )
  -- [/busy]
  as player_is_busy,
  (true
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
  ) as is_first
from conversations c
where c.id = :conversation
