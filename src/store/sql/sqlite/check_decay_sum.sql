-- check_decay_sum: charges whose score and charge do not add up to the score before
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
)
select cast(c.id as text) as id,
    'the score was ' || cast(c.before as text) || ', charged were ' || cast(c.amount as text) || ', left are ' || cast(c.score as text) as found
from charges c
where c.hours is not null and abs(c.score + c.amount - c.before) > 0.005
  and (c.recorded_at >= :since) is not false
order by c.id
limit :most
