-- check_decay_twice: charges for hours that an earlier charge covers
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
), chain as (
    select c.id, c.recorded_at, c.hours,
        extract(epoch from c.recorded_at - lag(c.recorded_at) over earlier) / 3600 as since_previous,
        lag(c.hours / c.amount / 100) over earlier as step
    from charges c
    where c.hours between 0.0001 and 1e12 and c.amount between 0.0001 and 1e12
    window earlier as (partition by c.user_id order by c.recorded_at, c.id)
)
-- A charge leaves less than a step of a hundredth to the next one; hours have four decimals. No player is charged twice at one instant.
select cast(c.id as text) as id,
    cast(c.hours as text) || ' hours charged, ' || round(c.since_previous, 4)::text || ' since the charge before' as found
from chain c
where (c.hours > c.since_previous + c.step + 0.001 or c.since_previous <= 0)
  and (c.recorded_at >= :since) is not false
order by c.id
limit :most
