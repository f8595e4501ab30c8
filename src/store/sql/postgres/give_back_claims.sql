-- give_back_claims: releases, each with its attempt, a run's claims that are not in flight
-- :clock     timestamptz   the hidden --now; null: the database's clock
-- :execution uuid          the run
-- :in_flight   uuid[]        conversations in flight
update conversations c
set
  status = 'active',
  claimed_by = null,
  claim_token = null,
  processing_attempts = c.processing_attempts - 1,
  next_attempt_at = null,
  updated_at = coalesce(:clock::timestamptz, clock_timestamp())
where c.id in (
  select c.id
  from conversations c
  where c.status = 'processing'
    and c.claimed_by = :execution
    and c.claim_token is not null
    and c.processing_started_at is not distinct from c.claimed_at
    and not (c.id = any(:in_flight))
  for no key update skip locked
)
returning c.id
