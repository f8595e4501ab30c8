-- current_prompts: a player's current prompts, the text one first
-- :user uuid   the player
select platform, token_count, prompt_text as text
from ready_prompts
where user_id = :user
  and is_current
order by platform
