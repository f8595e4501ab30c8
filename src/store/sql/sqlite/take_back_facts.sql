-- take_back_facts: takes away the facts of an earlier processing
-- :user  text                the player
-- :facts text, a JSON list   of an earlier processing, as the conversation derives them
delete from memory_facts
where user_id = :user and id in (select value from json_each(:facts))
