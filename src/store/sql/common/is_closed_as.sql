-- is_closed_as: whether a conversation stands as we have tried to leave it
-- :conversation uuid   which one
-- :status       text   where it was to go
-- :error        text   why
select count(*)
from conversations c
where c.id = :conversation and c.status = :status and c.claim_token is null and coalesce(c.last_error, '') = coalesce(:error, '')
