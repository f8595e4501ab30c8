-- demo_claim: makes a conversation claimed by the dead run
-- :at          text   the time of the claim
-- :execution   text   the run
-- :token       text   the claim
-- :id          text   its id
update conversations
set
  status = 'processing',
  processing_attempts = 1,
  processing_started_at = :at,
  updated_at = :at,
  claimed_by = :execution,
  claim_token = :token
where id = :id
