-- snapshot_summaries: summaries of the latest conversations, the newest first
-- :users text, a JSON list   players
select
  user_id,
  conversation_summary as summary
from (
  select
    user_id, conversation_summary, processed_at,
    row_number() over (partition by user_id order by processed_at desc nulls last, id) as place
  from conversations
  where status = 'processed'
    and conversation_summary is not null
    and user_id in (select value from json_each(:users))
) latest
where place <= 5
order by processed_at desc nulls last
