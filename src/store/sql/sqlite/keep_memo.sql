-- keep_memo: caches a paid answer, if the claim is still ours
-- :conversation text   the conversation
-- :token        text   proof that the claim is ours
-- :stage        text   the stage
-- :input_hash   text   a hash of the request
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
