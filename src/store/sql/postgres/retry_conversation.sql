-- retry_conversation: gives a conversation its attempts back, if it failed or is waiting for a retry
-- :conversation  text   the conversation
-- :clock         timestamptz   the hidden --now; null: the database's clock
update conversations c
set
  status = 'active',
  processing_attempts = 0,
  provider_outages = 0,
  next_attempt_at = null,
  claim_token = null,
  claimed_by = null,
  updated_at = coalesce(:clock::timestamptz, clock_timestamp())
where
  c.id = :conversation::uuid
  and
  -- [retryable]
  (c.status = 'failed'
   or (c.status = 'active'
       and (coalesce(c.processing_attempts, 0) > 0
            or coalesce(c.provider_outages, 0) > 0
            or c.next_attempt_at is not null)))
  -- [/retryable]
