-- give_back_claims: releases, each with its attempt, a run's claims that are not in flight
-- :clock     text                the hidden --now; null: the database's clock
-- :execution text                the run
-- :in_flight   text, a JSON list   conversations in flight
update conversations
set
  status = 'active',
  claimed_by = null,
  claim_token = null,
  processing_attempts = processing_attempts - 1,
  next_attempt_at = null,
  updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
where status = 'processing'
  and claimed_by = :execution
  and claim_token is not null
  and processing_started_at is claimed_at
  and id not in (select value from json_each(:in_flight))
returning id
