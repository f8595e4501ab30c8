-- demo_given_up: failed conversations
-- needs: demo_players
select c.id, d.name, c.last_error
from conversations c
join demo_players d on d.user_id = c.user_id
where c.status = 'failed'
order by d.name, c.id
