-- commit_life_events: stores the events of her days; a day that has events keeps them
-- :rows text, JSON   rows of this table (commit/rows.rs)
-- :user text         the player
-- :now  text         the run's time
insert into nikita_life_events (
  event_id, user_id, event_date, time_of_day, domain, event_type, description, entities, emotional_impact, importance, created_at
)
select
  e.value ->> 'id',
  :user,
  e.value ->> 'date',
  e.value ->> 'time_of_day',
  e.value ->> 'domain',
  e.value ->> 'event_type',
  e.value ->> 'description',
  e.value -> 'entities',
  e.value -> 'emotional_impact',
  e.value ->> 'importance',
  :now
from json_each(:rows) e
where e.value ->> 'date' not in (select l.event_date from nikita_life_events l where l.user_id = :user)
on conflict (event_id) do nothing
