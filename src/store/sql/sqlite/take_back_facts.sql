-- take_back_facts: deletes the facts of an earlier processing
-- :user  text                the player
-- :facts text, a JSON list   ids from an earlier processing, derived from the conversation's
delete from memory_facts
where user_id = :user and id in (select value from json_each(:facts))
