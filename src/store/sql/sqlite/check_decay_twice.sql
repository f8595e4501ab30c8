-- check_decay_twice: charges for hours that an earlier charge covers
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: score_history
with charges as (
    select h.id, h.user_id, h.score, h.recorded_at,
        -- [charge]
        case when json_type(h.details, '$.decay_amount') in ('integer', 'real') then h.details ->> 'decay_amount' end as amount,
        case when json_type(h.details, '$.hours_charged') in ('integer', 'real') then h.details ->> 'hours_charged' end as hours,
        case when json_type(h.details, '$.score_before') in ('integer', 'real') then h.details ->> 'score_before' end as before
        -- [/charge]
    from (select *, case when json_valid(event_details) then event_details end as details from score_history) h
    where h.event_type = 'decay'
), chain as (
    select c.id, c.recorded_at, c.hours,
        (julianday(c.recorded_at) - julianday(lag(c.recorded_at) over earlier)) * 24 as since_previous,
        lag(c.hours / c.amount / 100) over earlier as step
    from charges c
    where c.hours between 0.0001 and 1e12 and c.amount between 0.0001 and 1e12
    window earlier as (partition by c.user_id order by c.recorded_at, c.id)
)
-- A charge leaves less than a step of a hundredth to the next one; hours have four decimals. No player is charged twice at one instant.
select cast(c.id as text) as id,
    cast(c.hours as text) || ' hours charged, ' || cast(round(c.since_previous, 4) as text) || ' since the charge before' as found
from chain c
where (c.hours > c.since_previous + c.step + 0.001 or c.since_previous <= 0)
  and (c.recorded_at >= :since) is not false
order by c.id
limit :most
