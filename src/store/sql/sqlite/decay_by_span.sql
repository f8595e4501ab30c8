-- decay_by_span: what decay has charged, by span
-- :width   integer   characters of a time that name its span
-- :since   text      from when on
select
  substr(e.started_at, 1, :width) as span,
  cast(
    coalesce(
      sum(
        case
          when json_type(result, '$.decayed') = 'integer'
            and json_extract(result, '$.decayed') between 0 and 1000000000 then json_extract(result, '$.decayed')
        end
      ),
      0
    ) as bigint
  ) as decayed,
  cast(
    coalesce(
      sum(
        case
          when json_type(result, '$.warned') = 'integer'
            and json_extract(result, '$.warned') between 0 and 1000000000 then json_extract(result, '$.warned')
        end
      ),
      0
    ) as bigint
  ) as warned,
  cast(
    coalesce(
      sum(
        case
          when json_type(result, '$.game_overs') = 'integer'
            and json_extract(result, '$.game_overs') between 0 and 1000000000 then json_extract(result, '$.game_overs')
        end
      ),
      0
    ) as bigint
  ) as game_overs,
  cast(
    coalesce(
      sum(
        case
          when json_type(result, '$.points') = 'text'
            and json_extract(result, '$.points') not glob '*[^0-9.]*'
            and length(json_extract(result, '$.points')) < 15 then cast(json_extract(result, '$.points') as real)
        end
      ),
      0
    ) as real
  ) as points
from (
  select started_at, case when json_valid(result) then result else '{}' end as result
  from job_executions
  where job_name = 'decay'
    and started_at >= :since
    and started_at < '9999'
) e
group by 1
order by 1
