-- commit_conversation: the fence: closes a conversation as processed, if the claim is still ours
-- :clock        text         the hidden --now; null: the database's clock
-- :conversation text         the conversation
-- :token        text         proof that the claim is ours
-- :entities     text, JSON   extracted_entities; null: unchanged
-- :tone         text         emotional_tone; null: unchanged
-- :summary      text         conversation_summary; null: unchanged
update conversations as c
set
  status = 'processed',
  claimed_by = null,
  claim_token = null,
  closed_token = :token,
  next_attempt_at = null,
  last_error = null,
  updated_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  processed_at = coalesce(:clock, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  extracted_entities = coalesce(:entities, c.extracted_entities),
  emotional_tone = coalesce(:tone, c.emotional_tone),
  conversation_summary = coalesce(:summary, c.conversation_summary)
where
-- [fence]
c.id = :conversation
and c.claim_token = :token
and c.status = 'processing'
and c.processing_started_at is c.claimed_at
-- [/fence]
returning 1
