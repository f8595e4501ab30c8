-- demo_after_decay: the demo's players after decay, the largest charge first
-- needs: demo_players
select
  d.name,
  u.chapter,
  u.relationship_score as score,
  u.game_status,
  u.onboarding_status,
  u.last_interaction_at,
  h.event_details ->> 'score_before' as before,
  h.event_details ->> 'decay_amount' as amount,
  exists (
    select 1
    from score_history o
    where o.user_id = u.id
      and o.event_type = 'decay_game_over'
  ) as lost,
  exists (
    select 1
    from scheduled_events e
    where e.user_id = u.id
      and e.event_type = 'decay_game_over'
  ) as goodbye,
  exists (
    select 1
    from scheduled_touchpoints t
    where t.user_id = u.id
      and t.trigger_context ->> 'event_type' = 'decay_warning'
  ) as warned
from users u
join demo_players d on d.user_id = u.id
left join score_history h on h.user_id = u.id and h.event_type = 'decay'
order by amount desc, u.relationship_score, d.name
