-- keep_memo: writes a paid answer down, as long as the conversation is ours
-- :conversation text   which one
-- :token        text   proves that the claim is ours
-- :stage        text   who has asked
-- :input_hash   text   what was asked
-- :answer       text   the answer
insert into stage_memos (conversation_id, stage, input_hash, answer)
select c.id, :stage, :input_hash, :answer
from conversations c
where
-- [fence]
c.id = :conversation
and c.claim_token = :token
and c.status = 'processing'
and c.processing_started_at is c.claimed_at
-- [/fence]
on conflict do nothing
