-- player_queue: which conversation of a player a run takes next, or which one holds the others up, and how many wait
-- :cutoff        text   the last message must not be later
-- :now           text   the run's time
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
        and c.id is not null
        and c.user_id is not null
        and c.id glob '????????-????-????-????-????????????'
        and c.id not glob '*[^-0-9a-f]*'
        and length(replace(c.id, '-', '')) = 32
        and c.user_id glob '????????-????-????-????-????????????'
        and c.user_id not glob '*[^-0-9a-f]*'
        and length(replace(c.user_id, '-', '')) = 32
        -- [/known_ids]
      ) then 'odd_id'
      when not
        -- [over]
        (coalesce(c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff, false)
         or coalesce(c.platform = 'voice'
           and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)
           and (c.last_message_at is null or replace(c.last_message_at, ' ', 'T') > :cutoff), false))
        -- [/over]
      then 'not_over'
      when coalesce(c.processing_attempts, 0) >= :most_attempts then 'attempts_used'
      when c.next_attempt_at > :now and c.next_attempt_at <= strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours') then 'pause'
      when not (true
        -- [within_rollout]
        and case
          when :rollout >= 100 then true
          when length(c.user_id) = 36
            and substr(c.user_id, 1, 8) not glob '*[^0-9a-f]*'
            and substr(c.user_id, -8) not glob '*[^0-9a-f]*'
          then ((('0x' || substr(c.user_id, 1, 8)) ->> '$')
                + (('0x' || substr(c.user_id, -8)) ->> '$')) % 100 < :rollout
          else false
        end
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
      ) then 'older_first'
      when not (true
        -- [ready]
        -- [unspent]
        and c.status = 'active'
        and coalesce(c.processing_attempts, 0) < :most_attempts
        -- [/unspent]
        and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours'))
        -- [/ready]
      ) then 'not_ready'
      else 'due'
    end
    -- [/why]
    as rule
  from conversations c
  where c.user_id = :player
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
