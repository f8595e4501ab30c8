-- check_one_prompt: players with more than one current prompt for a platform
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: ready_prompts
select cast(p.user_id as text) as id, cast(count(*) as text) || ' current prompts for ' || cast(p.platform as text) as found
from ready_prompts p
where p.is_current
group by p.user_id, p.platform
having count(*) > 1 and (max(p.created_at) >= :since) is not false
order by p.user_id, p.platform
limit :most
