-- due_conversations: the oldest due conversations, never two of one player, as a claim takes them
-- :cutoff        text      the last message must not be later
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation is given up
-- :rollout       integer   share of players, 0 to 100 percent
-- :most          integer   at most so many
select id
from (
  select *
  from (
    select c.id, c.last_message_at as over_at
    from conversations c
    where
    -- [silent]
    (c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff)
    -- [/silent]
    -- [ready]
    -- [unspent]
    and c.status = 'active'
    and coalesce(c.processing_attempts, 0) < :most_attempts
    -- [/unspent]
    and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours'))
    -- [/ready]
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
    order by c.last_message_at
    limit :most
  )
  union all
  select *
  from (
    select c.id, c.ended_at as over_at
    from conversations c
    where
    -- [ended]
    c.platform = 'voice'
    and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)
    and (c.last_message_at is null or replace(c.last_message_at, ' ', 'T') > :cutoff)
    -- [/ended]
    -- [ready]
    -- [unspent]
    and c.status = 'active'
    and coalesce(c.processing_attempts, 0) < :most_attempts
    -- [/unspent]
    and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours'))
    -- [/ready]
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
    order by c.ended_at
    limit :most
  )
)
order by over_at, id
limit :most
