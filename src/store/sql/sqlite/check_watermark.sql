-- check_watermark: players whose watermark is not where their last charge left it
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: score_history
-- scans: users
with charges as (
    select h.id, h.user_id, h.score, h.recorded_at,
        -- [charge]
        case when json_type(h.details, '$.decay_amount') in ('integer', 'real') then h.details ->> 'decay_amount' end as amount,
        case when json_type(h.details, '$.hours_charged') in ('integer', 'real') then h.details ->> 'hours_charged' end as hours,
        case when json_type(h.details, '$.score_before') in ('integer', 'real') then h.details ->> 'score_before' end as before
        -- [/charge]
    from (select *, case when json_valid(event_details) then event_details end as details from score_history) h
    where h.event_type = 'decay'
), latest as (
    -- The other columns come from the row with the greatest time.
    select c.user_id, max(c.recorded_at) as recorded_at, c.hours / c.amount / 100 as step
    from charges c
    where c.hours between 0.0001 and 1e12 and c.amount between 0.0001 and 1e12
    group by c.user_id
), ends as (
    select h.user_id, max(h.recorded_at) as recorded_at
    from score_history h
    where h.event_type in ('decay', 'decay_game_over')
    group by h.user_id
)
select cast(u.id as text) as id, 'charged at ' || l.recorded_at || ', the watermark is '
    || coalesce(u.decayed_through, 'gone') as found
from latest l
join ends e on e.user_id = l.user_id
join users u on u.id = l.user_id
where (u.decayed_through is null
    or (l.recorded_at = e.recorded_at
        and (julianday(l.recorded_at) - julianday(u.decayed_through)) * 24 > l.step + 0.001)
    or julianday(u.decayed_through) > julianday(e.recorded_at) + 0.00001)
  and (l.recorded_at >= :since) is not false
order by u.id
limit :most
