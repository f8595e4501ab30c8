-- take_back_threads: deletes the open threads of an earlier processing
-- :user    text                the player
-- :threads text, a JSON list   ids from an earlier processing, derived from the conversation's
delete from conversation_threads
where user_id = :user and status = 'open' and id in (select value from json_each(:threads))
