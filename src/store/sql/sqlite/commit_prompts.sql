-- commit_prompts: inserts the new current prompts
-- :rows             text, JSON   rows of this table (commit/rows.rs)
-- :user             text         the player
-- :conversation     text         the conversation
-- :now              text         the run's time
-- :pipeline_version text         the program that made them
insert into ready_prompts (
  id, user_id, platform, prompt_text, token_count, context_snapshot, pipeline_version, generation_time_ms, is_current,
  conversation_id, created_at
)
select
  p.value ->> 'id',
  :user,
  p.value ->> 'platform',
  p.value ->> 'prompt_text',
  p.value ->> 'token_count',
  p.value -> 'context',
  :pipeline_version,
  p.value ->> 'millis',
  true,
  :conversation,
  :now
from json_each(:rows) p
where true
on conflict (user_id, platform) where is_current do update set
  prompt_text = excluded.prompt_text,
  token_count = excluded.token_count,
  context_snapshot = excluded.context_snapshot,
  pipeline_version = excluded.pipeline_version,
  generation_time_ms = excluded.generation_time_ms,
  conversation_id = excluded.conversation_id,
  created_at = excluded.created_at
