-- claim_one: claims one conversation, even before its retry pause is over
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the run's time
-- :most_attempts integer       attempts after which a conversation fails
-- :execution     uuid          the run
-- :clock         timestamptz   the hidden --now; null: the database's clock
-- :conversation  uuid          the conversation
-- :anew          boolean       whether to claim it even if it was processed or failed, with all its attempts
with moment as materialized (
  select
    coalesce(:clock::timestamptz, clock_timestamp()) as at,
    (select e.id from job_executions e where e.id = :execution for key share) as run
)
update conversations c
set
  status = 'processing',
  processing_attempts = case when :anew then 1 else coalesce(c.processing_attempts, 0) + 1 end,
  provider_outages = case when :anew then 0 else c.provider_outages end,
  refusals = case when :anew then 0 else c.refusals end,
  processing_started_at = moment.at,
  claimed_at = moment.at,
  updated_at = moment.at,
  claimed_by = coalesce(moment.run, :execution),
  claim_token = gen_random_uuid()
from moment
where c.id = :conversation
  -- [known_ids]
  and c.user_id is not null
  -- [/known_ids]
  and (
    (c.status = 'active'
     and (coalesce(c.processing_attempts, 0) < :most_attempts or :anew)
     and
     -- [over]
     (coalesce(c.last_message_at <= :cutoff, false)
      or coalesce(c.platform = 'voice'
        and c.ended_at <= :now
        and (c.last_message_at is null or c.last_message_at > :cutoff), false))
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
                and (coalesce(o.refusals, 0) = 0 or o.next_attempt_at is null or o.next_attempt_at <= :now or o.next_attempt_at > :now::timestamptz + interval '7 hours')
                and (o.last_message_at <= :cutoff or (o.platform = 'voice' and o.ended_at <= :now))
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
returning 
  c.id,
  c.user_id,
  c.claim_token,
  cast(c.processing_attempts as bigint) as processing_attempts,
  cast(coalesce(c.provider_outages, 0) as bigint) as provider_outages,
  cast(coalesce(c.refusals, 0) as bigint) as refusals
