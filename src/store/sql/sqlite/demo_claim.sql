-- demo_claim: a conversation that the dead run has claimed
-- :at          text   when
-- :execution   text   the run
-- :token       text   the claim
-- :id          text   which one
update conversations
set
  status = 'processing',
  processing_attempts = 1,
  processing_started_at = :at,
  updated_at = :at,
  claimed_by = :execution,
  claim_token = :token
where id = :id
