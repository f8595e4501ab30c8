-- snapshot_days: the last days with the player, the newest first
-- :users     text, a JSON list   players
-- :most_days integer             the most per player
select
  user_id,
  date as day,
  score_start,
  score_end,
  conversations_count,
  summary_text,
  key_moments,
  emotional_tone
from (
  select
    user_id, date, score_start, score_end, conversations_count, summary_text, key_moments, emotional_tone,
    row_number() over (partition by user_id order by date desc) as place
  from daily_summaries
  where date is not null
    and user_id in (select value from json_each(:users))
) latest
where place <= :most_days
order by date desc
