-- clear_void_claims: takes our token away from conversations that the application has moved on
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
