-- take_back_threads: takes away the threads of an earlier processing that are still open
-- :user    text                the player
-- :threads text, a JSON list   of an earlier processing, as the conversation derives them
delete from conversation_threads
where user_id = :user and status = 'open' and id in (select value from json_each(:threads))
