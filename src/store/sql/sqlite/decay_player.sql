-- decay_player: the next eligible player and its row
-- :from   integer   the first row
select cast(u.id as text) as id, u.rowid as row
from users u
where
-- [eligible]
u.game_status = 'active'
and u.onboarding_status in ('completed', 'skipped')
-- [/eligible]
and u.rowid >= :from
order by u.rowid
limit 1
