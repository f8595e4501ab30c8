-- facts_if_taken_back: the facts that will be active once those of an earlier processing are taken back
-- :user text                the player
-- :own  text, a JSON list   facts of the earlier processing
select id, embedding
from memory_facts
where user_id = :user
  and embedding is not null
  and (is_active or superseded_by in (select value from json_each(:own)))
  and id not in (select value from json_each(:own))
