-- snapshot_conversations: the claimed conversations
-- :conversations text, a JSON list   their ids
select
  id, user_id, coalesce(platform, '') as platform, messages, transcript_raw, started_at, ended_at, last_message_at, score_delta,
  processed_at, conversation_summary
from conversations
where id in (select value from json_each(:conversations))
