-- count_eligible: how many players are eligible for decay
-- scans: users
select count(*)
from users u
where
-- [eligible]
u.game_status = 'active'
and u.onboarding_status in ('completed', 'skipped')
-- [/eligible]
