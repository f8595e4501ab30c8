-- snapshot_conversations: the conversations that were claimed
-- :conversations uuid[]   which ones
select
  id, user_id, coalesce(platform, '') as platform, messages, transcript_raw, started_at, ended_at, last_message_at, score_delta,
  processed_at, conversation_summary
from conversations
where id = any((select :conversations::uuid[])::uuid[])
