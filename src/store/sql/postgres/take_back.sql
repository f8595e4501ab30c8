-- take_back: deletes the effects of an earlier processing and restores what it replaced, if the claim is ours
-- :conversation uuid     the conversation
-- :token        uuid     proof that the claim is ours
-- :user         uuid     the player
-- :facts        uuid[]   ids from an earlier processing, derived from the conversation's
-- :threads      uuid[]   likewise
-- :thoughts     uuid[]   likewise
-- The commit follows in the same transaction and under the same lock. Keeps rows that another program wrote about the same conversation,
-- and rows that the application has closed or used.
-- Only for a conversation that is processed again, by hand.
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
