-- is_closed_as: whether a conversation has the state that we tried to leave it in
-- :conversation uuid   the conversation
-- :status       text   the intended status
-- :error        text   the error
select count(*)
from conversations c
where c.id = :conversation and c.status = :status and c.claim_token is null and coalesce(c.last_error, '') = coalesce(:error, '')
