-- recover_conversation: takes a stuck conversation out of processing, unless it has changed
-- :clock        text      the hidden --now; null: the database's clock
-- :idle_seconds real      idle for this long is stuck
-- :conversation text      the conversation
-- :token        text      the token that was read; null: the application holds it
-- :status       text      the new status: active or failed
-- :reason       text      the reason
-- :by_hand      integer   whether to recover it even if it is not stuck
update conversations as c
set
  status = :status,
  claimed_by = null,
  claim_token = null,
  processing_started_at = null,
  next_attempt_at = null,
  last_error = :reason,
  updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
where c.id in (
  select c.id
  from (
    -- [idle_since]
    -- No time later than `latest` is believed: a clock that has jumped must keep no conversation in processing.
    select
      c.*,
      coalesce(
        case when replace(c.updated_at, ' ', 'T') <= t.latest then c.updated_at end,
        case when replace(c.processing_started_at, ' ', 'T') <= t.latest then c.processing_started_at end,
        case when replace(c.started_at, ' ', 'T') <= t.latest then c.started_at end,
        '1970-01-01T00:00:00.000000Z'
      ) as idle_since
    from (select strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '+' || :idle_seconds || ' seconds') as latest) t
    cross join conversations c
    -- [/idle_since]
  ) c
  where c.id = :conversation
    and c.status = 'processing'
    and c.claim_token is :token
    and (:by_hand or
    -- [stuck]
    (replace(c.idle_since, ' ', 'T')
       <= strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '-' || :idle_seconds || ' seconds')
     or (c.claim_token is not null
         and c.claimed_by is not null
         and c.processing_started_at is c.claimed_at
         and not exists (
           select 1
           from job_leases l
           where l.execution_id = c.claimed_by and l.expires_at > coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')) and l.heartbeat_at <= coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
         )))
    -- [/stuck]
    )
)
returning true as recovered, true as stood
