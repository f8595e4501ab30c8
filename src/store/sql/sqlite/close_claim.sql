-- close_claim: takes a conversation out of processing without effects, if the claim is still ours
-- :clock         text      the hidden --now; null: the database's clock
-- :conversation  text      the conversation
-- :token         text      proof that the claim is ours
-- :status        text      the new status: processed, active or failed
-- :attempts      integer   how many attempts to give back
-- :outages       integer   how many outages to add
-- :refusals      integer   how many refusals to add
-- :pause_seconds real      until the retry; null: none
-- :error         text      the error, without conversation text
update conversations as c
set
  -- If reprocessing has failed for good, the effects of the earlier processing remain, and so does its state.
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
