-- take_back_thoughts: takes away the thoughts of an earlier processing that were not used
-- :user     text                the player
-- :thoughts text, a JSON list   of an earlier processing, as the conversation derives them
delete from nikita_thoughts
where user_id = :user and used_at is null and id in (select value from json_each(:thoughts))
