-- take_back: takes away what an earlier processing brought forth, and gives back what it replaced, if the claim is ours
-- :conversation uuid     which one
-- :token        uuid     proves that the claim is ours
-- :user         uuid     the player
-- :facts        uuid[]   of an earlier processing, as the conversation derives them
-- :threads      uuid[]   as the facts
-- :thoughts     uuid[]   as the facts
-- The commit comes after it, in the same transaction and under the same lock. Rows of another program about the same conversation
-- stay, and so does what the application has closed or used.
-- Only for what is processed anew, by hand.
-- scans: memory_facts
-- scans: ready_prompts
with ours as (
  select c.id
  from conversations c
  where
  -- [fence]
  c.id = :conversation
  and c.claim_token = :token
  and c.status = 'processing'
  and c.processing_started_at is not distinct from c.claimed_at
  -- [/fence]
  for no key update
), restored as (
  update memory_facts f
  set is_active = true, superseded_by = null
  from ours
  where f.user_id = :user and f.superseded_by = any(:facts) and not (f.id = any(:facts))
), forgotten as (
  delete from memory_facts f
  using ours
  where f.user_id = :user and f.id = any(:facts)
), closed as (
  delete from conversation_threads t
  using ours
  where t.user_id = :user and t.status = 'open' and t.id = any(:threads)
), unthought as (
  delete from nikita_thoughts t
  using ours
  where t.user_id = :user and t.used_at is null and t.id = any(:thoughts)
)
delete from ready_prompts p
using ours
where p.user_id = :user and p.conversation_id = :conversation and p.pipeline_version like 'nikita-jobs %'
