-- clear_void_claims: removes our token from conversations whose status the application has changed
update conversations as v
set claim_token = null, claimed_by = null
where
-- [void]
v.claim_token is not null
and v.status is not 'processing'
-- [/void]
