-- take_back_superseded: restores the facts that an earlier processing replaced
-- :user  text                the player
-- :facts text, a JSON list   ids from an earlier processing, derived from the conversation's
update memory_facts
set is_active = true, superseded_by = null
where user_id = :user
  and superseded_by in (select value from json_each(:facts))
  and id not in (select value from json_each(:facts))
