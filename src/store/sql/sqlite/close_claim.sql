-- close_claim: takes a conversation out of processing without any effect, if the claim is still ours
-- :clock         text      the hidden --now; null: the database's clock
-- :conversation  text      which one
-- :token         text      proves that the claim is ours
-- :status        text      where it goes: processed, active, failed
-- :attempts      integer   how many are given back
-- :outages       integer   how many are added
-- :refusals      integer   how many are added
-- :pause_seconds real      until the next try; null: none
-- :error         text      why, without any conversation text
update conversations as c
set
  -- Where processing it anew has failed for good, the effects of the earlier processing stand, and so does its state.
  status = case when :status = 'failed' and c.processed_at is not null then 'processed' else :status end,
  claimed_by = null,
  claim_token = null,
  processing_attempts = c.processing_attempts - :attempts,
  provider_outages = coalesce(c.provider_outages, 0) + :outages,
  refusals = coalesce(c.refusals, 0) + :refusals,
  next_attempt_at = strftime('%Y-%m-%dT%H:%M:%f000Z', coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), '+' || :pause_seconds || ' seconds'),
  last_error = :error,
  updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
where
-- [fence]
c.id = :conversation
and c.claim_token = :token
and c.status = 'processing'
and c.processing_started_at is c.claimed_at
-- [/fence]
returning 1
