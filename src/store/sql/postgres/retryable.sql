-- retryable: whether `retry` would change a conversation
-- :conversation  text   the conversation
select
  coalesce(cast(c.status as text), '') as status,
  -- [retryable]
  (c.status = 'failed'
   or (c.status = 'active'
       and (coalesce(c.processing_attempts, 0) > 0
            or coalesce(c.provider_outages, 0) > 0
            or c.next_attempt_at is not null)))
  -- [/retryable]
  as is_retryable
from conversations c
where c.id = :conversation::uuid
