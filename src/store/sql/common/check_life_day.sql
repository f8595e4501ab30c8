-- check_life_day: days with duplicate life events
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: nikita_life_events
select cast(v.user_id as text) as id, cast(count(*) as text) || ' events on ' || cast(v.event_date as text) as found
from nikita_life_events v
where substr(cast(v.event_id as text), 15, 1) = '5'
group by v.user_id, v.event_date
having count(*) > 5 and (cast(v.event_date as text) >= substr(cast(:since as text), 1, 10)) is not false
order by v.user_id, v.event_date
limit :most
