-- decay_by_span: what decay has charged, by span
-- :width   integer       characters of a time that name its span
-- :since   timestamptz   from when on
select
  substr(to_char(e.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24'), 1, :width) as span,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'decayed') = 'number' then case
              when cast(result ->> 'decayed' as numeric) between 0 and 1e9 then cast(result ->> 'decayed' as numeric)
            end
        end
      ),
      0
    ) as bigint
  ) as decayed,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'warned') = 'number' then case
              when cast(result ->> 'warned' as numeric) between 0 and 1e9 then cast(result ->> 'warned' as numeric)
            end
        end
      ),
      0
    ) as bigint
  ) as warned,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> 'game_overs') = 'number' then case
              when cast(result ->> 'game_overs' as numeric) between 0 and 1e9 then cast(result ->> 'game_overs' as numeric)
            end
        end
      ),
      0
    ) as bigint
  ) as game_overs,
  cast(
    coalesce(
      sum(
        case when result ->> 'points' ~ '^[0-9]{1,9}([.][0-9]{1,4})?$' then cast(result ->> 'points' as numeric) end
      ),
      0
    ) as double precision
  ) as points
from (
  select started_at, cast(result as jsonb) as result
  from job_executions
  where job_name = 'decay'
    and started_at >= :since
    and started_at < 'infinity'
) e
group by 1
order by 1
