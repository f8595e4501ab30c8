-- claim_fate: what became of a claim after a lost response, under the lock of its row
-- :conversation text   the conversation
-- :token        text   proof that the claim is ours
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
