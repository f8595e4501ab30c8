-- snapshot_thoughts: thoughts that are neither used nor stale, the newest first
-- :users        text, a JSON list   players
-- :now          text                the run's time
-- :own_thoughts text, a JSON list   likewise
-- :most_notes   integer             the most threads and the most thoughts per player
select
  user_id,
  thought_type as kind,
  content,
  created_at as noted_at
from (
  select
    user_id, thought_type, content, created_at, id,
    row_number() over (partition by user_id order by created_at desc nulls last, id) as place
  from nikita_thoughts
  where content is not null
    and used_at is null
    and (expires_at is null or expires_at > :now)
    and id not in (select value from json_each(:own_thoughts))
    and user_id in (select value from json_each(:users))
) newest
where place <= :most_notes
order by created_at desc nulls last, id
