-- check_watermark: players whose watermark is not where their last charge left it
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: score_history
-- scans: users
with charges as (
    select h.id, h.user_id, h.score, h.recorded_at,
        -- [charge]
        case when jsonb_typeof(cast(h.event_details as jsonb) -> 'decay_amount') = 'number' then (cast(h.event_details as jsonb) ->> 'decay_amount')::numeric end as amount,
        case when jsonb_typeof(cast(h.event_details as jsonb) -> 'hours_charged') = 'number' then (cast(h.event_details as jsonb) ->> 'hours_charged')::numeric end as hours,
        case when jsonb_typeof(cast(h.event_details as jsonb) -> 'score_before') = 'number' then (cast(h.event_details as jsonb) ->> 'score_before')::numeric end as before
        -- [/charge]
    from score_history h
    where h.event_type = 'decay' and h.recorded_at between '0001-01-01' and '9999-12-31'
), latest as (
    select distinct on (c.user_id) c.user_id, c.recorded_at, c.hours / c.amount / 100 as step
    from charges c
    where c.hours between 0.0001 and 1e12 and c.amount between 0.0001 and 1e12
    order by c.user_id, c.recorded_at desc, c.id desc
), ends as (
    select h.user_id, max(h.recorded_at) as recorded_at
    from score_history h
    where h.event_type in ('decay', 'decay_game_over') and h.recorded_at between '0001-01-01' and '9999-12-31'
    group by h.user_id
)
select cast(u.id as text) as id, 'charged at ' || l.recorded_at::text || ', the watermark is '
    || coalesce(u.decayed_through::text, 'gone') as found
from latest l
join ends e on e.user_id = l.user_id
join users u on u.id = l.user_id
where (u.decayed_through is null
    or (l.recorded_at = e.recorded_at and u.decayed_through between '0001-01-01' and '9999-12-31'
        and extract(epoch from l.recorded_at - u.decayed_through) / 3600 > l.step + 0.001)
    or u.decayed_through > e.recorded_at + interval '1 millisecond')
  and (l.recorded_at >= :since) is not false
order by u.id
limit :most
