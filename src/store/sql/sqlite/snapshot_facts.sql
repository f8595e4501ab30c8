-- snapshot_facts: the newest active facts, and those that wait for a vector
-- :users      text, a JSON list   players
-- :own_facts  text, a JSON list   facts that earlier processings of these conversations created
-- :most_facts integer             the most per player
select
  user_id,
  id,
  graph_type,
  fact,
  coalesce(confidence < 0.5, 0) as unsupported,
  created_at as learned_at
from (
  select
    user_id, id, graph_type, fact, confidence, created_at,
    row_number() over (partition by user_id order by created_at desc nulls last, id) as place
  from (
    select user_id, id, graph_type, fact, confidence, created_at
    from memory_facts
    where is_active and user_id in (select value from json_each(:users))
    union all
    select user_id, id, graph_type, fact, confidence, created_at
    from memory_facts
    where embedding is null
      and not is_active
      and json_valid(metadata)
      and metadata ->> 'awaiting_vector' = 1
      and user_id in (select value from json_each(:users))
  ) known
  where fact is not null
    and id not in (select value from json_each(:own_facts))
) newest
where place <= :most_facts
order by created_at desc nulls last, id
