-- claim_fate: what became of a claim whose answer was lost, under the lock of its row
-- :conversation text   which one
-- :token        text   proves that the claim is ours
select
  coalesce(c.closed_token = :token, false) as committed,
  coalesce(
  -- [fence]
  c.id = :conversation
  and c.claim_token = :token
  and c.status = 'processing'
  and c.processing_started_at is c.claimed_at
  -- [/fence]
  , false) as ours
from conversations c
where c.id = :conversation
