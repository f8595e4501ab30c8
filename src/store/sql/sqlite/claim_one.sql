-- claim_one: claims one conversation, even before its retry pause is over
-- :cutoff        text      the latest time for the last message
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation fails
-- :execution     text      the run
-- :clock         text      the hidden --now; null: the database's clock
-- :conversation  text      the conversation
-- :anew          integer   whether to claim it even if it was processed or failed, with all its attempts
update conversations as c
set
  status = 'processing',
  processing_attempts = case when :anew then 1 else coalesce(c.processing_attempts, 0) + 1 end,
  provider_outages = case when :anew then 0 else c.provider_outages end,
  refusals = case when :anew then 0 else c.refusals end,
  processing_started_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  claimed_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  claimed_by = :execution,
  claim_token = 
    -- [random_id]
    lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
          || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
    -- [/random_id]
where c.id = :conversation
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
  and (
    (c.status = 'active'
     and (coalesce(c.processing_attempts, 0) < :most_attempts or :anew)
     and
     -- [over]
     (coalesce(c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff, false)
      or coalesce(c.platform = 'voice'
        and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)
        and (c.last_message_at is null or replace(c.last_message_at, ' ', 'T') > :cutoff), false))
     -- [/over]
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
    )
    or (:anew
        and c.status in ('processed', 'failed')
        and not
        -- [busy]
        exists (
          select 1
          from conversations b
          where b.user_id = c.user_id and b.id <> c.id and b.status = 'processing'
        )
        -- [/busy]
    )
  )
returning id, user_id, claim_token, processing_attempts, coalesce(provider_outages, 0) as provider_outages,
  coalesce(refusals, 0) as refusals
