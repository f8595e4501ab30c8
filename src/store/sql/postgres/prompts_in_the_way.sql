-- prompts_in_the_way: how many pairs of player and platform have several current prompts, and one of them
-- needs: ready_prompts
select count(*) as pairs, min(user_id::text || ', ' || platform::text) as example
from (
  select user_id, platform
  from ready_prompts
  where is_current
  group by user_id, platform
  having count(*) > 1
) twice
