-- keep_memo: caches a paid answer, if the claim is still ours
-- :conversation uuid   the conversation
-- :token        uuid   proof that the claim is ours
-- :stage        text   the stage
-- :input_hash   text   a hash of the request
-- :answer       text   the answer
insert into stage_memos (conversation_id, stage, input_hash, answer)
select ours.id, :stage, :input_hash, :answer
from (
  select c.id
  from conversations c
  where
  -- [fence]
  c.id = :conversation
  and c.claim_token = :token
  and c.status = 'processing'
  and c.processing_started_at is not distinct from c.claimed_at
  -- [/fence]
  -- The statement that ends the conversation waits for this lock, so that it sees this memo and deletes it.
  for share
) ours
on conflict do nothing
