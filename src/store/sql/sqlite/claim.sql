-- claim: takes the oldest due conversations for a run, never two of one player
-- :cutoff        text      the latest time for the last message
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation fails
-- :rollout       integer   share of players, 0 to 100 percent
-- :execution     text      the run
-- :clock         text      the hidden --now; null: the database's clock
-- The store puts the limit into the text, as on PostgreSQL. Passes over ids that we could not match again.
-- No retry later than in seven hours is believed: the longest pause is six hours, and a clock can jump.
update conversations
set
  status = 'processing',
  processing_attempts = coalesce(processing_attempts, 0) + 1,
  processing_started_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  claimed_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  claimed_by = :execution,
  claim_token =
    -- [random_id]
    lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
          || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    -- [/random_id]
where id in (
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
      limit 10 -- most
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
      limit 10 -- most
    )
  )
  order by over_at, id
  limit 10 -- most
)
returning id, user_id, claim_token, processing_attempts, coalesce(provider_outages, 0) as provider_outages,
  coalesce(refusals, 0) as refusals
