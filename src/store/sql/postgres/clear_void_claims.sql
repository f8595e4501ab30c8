-- clear_void_claims: removes our token from conversations whose status the application has changed
update conversations v
set claim_token = null, claimed_by = null
where v.id in (
  select v.id
  from conversations v
  where
  -- [void]
  v.claim_token is not null
  and v.status is distinct from 'processing'
  -- [/void]
  for no key update skip locked
)
