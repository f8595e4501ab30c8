-- clear_void_claims: takes our token away from conversations that the application has moved on
update conversations as v
set claim_token = null, claimed_by = null
where
-- [void]
v.claim_token is not null
and v.status is not 'processing'
-- [/void]
