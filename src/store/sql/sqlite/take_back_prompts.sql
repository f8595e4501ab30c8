-- take_back_prompts: deletes the prompts of an earlier processing
-- :user         text   the player
-- :conversation text   the conversation
delete from ready_prompts
where user_id = :user and conversation_id = :conversation and pipeline_version like 'nikita-jobs %'
