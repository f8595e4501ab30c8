-- take_back_thoughts: deletes the unused thoughts of an earlier processing
-- :user     text                the player
-- :thoughts text, a JSON list   ids from an earlier processing, derived from the conversation's
delete from nikita_thoughts
where user_id = :user and used_at is null and id in (select value from json_each(:thoughts))
