-- snapshot_vices: the players' vices, the most engaging first
-- :users text, a JSON list   players
select
  user_id,
  category,
  intensity_level,
  engagement_score as score
from user_vice_preferences
where user_id in (select value from json_each(:users))
order by engagement_score desc, category
