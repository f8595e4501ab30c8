-- keep_memo: writes a paid answer down, as long as the conversation is ours
-- :conversation uuid   which one
-- :token        uuid   proves that the claim is ours
-- :stage        text   who has asked
-- :input_hash   text   what was asked
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
  -- Whoever ends the conversation waits, so that he sees this memo and forgets it.
  for share
) ours
on conflict do nothing
