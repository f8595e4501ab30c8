-- standing: a conversation's state, for a claim by hand
-- :cutoff        text      the latest time for the last message
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation fails
-- :conversation  text      the conversation
select
  coalesce(cast(c.status as text), '') as status,
  c.last_error,
  cast(coalesce(c.processing_attempts, 0) as integer) as attempts,
  not (true
    -- [known_ids]
    and c.id is not null
    and c.user_id is not null
    and c.id glob '????????-????-????-????-????????????'
    and c.id not glob '*[^-0-9a-f]*'
    and length(replace(c.id, '-', '')) = 32
    and c.user_id glob '????????-????-????-????-????????????'
    and c.user_id not glob '*[^-0-9a-f]*'
    and length(replace(c.user_id, '-', '')) = 32
    -- [/known_ids]
  ) as is_odd,
  -- [over]
  (coalesce(c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff, false)
   or coalesce(c.platform = 'voice'
     and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)
     and (c.last_message_at is null or replace(c.last_message_at, ' ', 'T') > :cutoff), false))
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
             and o.id glob '????????-????-????-????-????????????'
             and o.id not glob '*[^-0-9a-f]*'
             and length(replace(o.id, '-', '')) = 32
             and (coalesce(o.refusals, 0) = 0 or o.next_attempt_at is null or o.next_attempt_at <= :now or o.next_attempt_at > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours'))
             and ((o.last_message_at <= :cutoff and replace(o.last_message_at, ' ', 'T') <= :cutoff) or (o.platform = 'voice' and (o.ended_at <= :now and replace(o.ended_at, ' ', 'T') <= :now)))
             and (coalesce(o.last_message_at, o.ended_at), o.id)
               < (coalesce(c.last_message_at, c.ended_at), c.id)))
    -- [/before_it]
  )
  -- [/first_of_its_player]
  ) as is_first
from conversations c
where c.id = :conversation
