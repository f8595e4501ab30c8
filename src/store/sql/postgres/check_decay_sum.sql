-- check_decay_sum: charges whose score and charge do not add up to the score before
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: score_history
with charges as (
    select h.id, h.user_id, h.score, h.recorded_at,
        -- [charge]
        case when jsonb_typeof(cast(h.event_details as jsonb) -> 'decay_amount') = 'number' then (cast(h.event_details as jsonb) ->> 'decay_amount')::numeric end as amount,
        case when jsonb_typeof(cast(h.event_details as jsonb) -> 'hours_charged') = 'number' then (cast(h.event_details as jsonb) ->> 'hours_charged')::numeric end as hours,
        case when jsonb_typeof(cast(h.event_details as jsonb) -> 'score_before') = 'number' then (cast(h.event_details as jsonb) ->> 'score_before')::numeric end as before
        -- [/charge]
    from score_history h
    where h.event_type = 'decay' and h.recorded_at between '0001-01-01' and '9999-12-31'
)
select cast(c.id as text) as id,
    'the score was ' || cast(c.before as text) || ', charged were ' || cast(c.amount as text) || ', left are ' || cast(c.score as text) as found
from charges c
where c.hours is not null and abs(c.score + c.amount - c.before) > 0.005
  and (c.recorded_at >= :since) is not false
order by c.id
limit :most
