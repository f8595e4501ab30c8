-- player_queue: which conversation of a player a run takes next, or which one holds the others up, and how many wait
-- :cutoff        timestamptz   the last message must not be later
-- :now           timestamptz   the run's time
-- :most_attempts integer   attempts after which a conversation is given up
-- :rollout       integer   share of players, 0 to 100 percent
-- :player        text   who
select cast(id as text) as id, many
from (
  select
    c.id,
    coalesce(c.last_message_at, c.ended_at) as over_at,
    count(*) over () as many,
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
    as rule
  from conversations c
  where c.user_id = :player::text::uuid
    and c.status in ('active', 'processing')
) judged
order by
  case rule
    when 'processing' then 0
    when 'due' then 1
    when 'pause' then 2
    when 'rollout' then 3
    when 'not_over' then 4
    else 5
  end,
  over_at,
  id
limit 1
