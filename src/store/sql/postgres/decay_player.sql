-- decay_player: the next eligible player
-- :from   text   the first id
select u.id::text as id
from users u
where
-- [eligible]
u.game_status = 'active'
and u.onboarding_status in ('completed', 'skipped')
-- [/eligible]
and u.id >= :from::text::uuid
order by u.id
limit 1
