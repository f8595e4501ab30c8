-- prompts_in_the_way: how many players have two current prompts on a platform
-- needs: ready_prompts
select count(*)
from (
  select 1
  from ready_prompts
  where is_current
  group by user_id, platform
  having count(*) > 1
) twice
