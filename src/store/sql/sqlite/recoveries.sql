-- recoveries: how much recover and scan-stuck have recovered
-- :since   text   from when on
select
  job,
  cast(
    coalesce(
      sum(
        case
          when json_type(result, field) = 'integer'
            and json_extract(result, field) between 0 and 1000000000 then json_extract(result, field)
        end
      ),
      0
    ) as bigint
  ) as recovered
from (
  select
    cast(job_name as text) as job,
    case when job_name = 'recover' then '$.recovered' else '$.recoveries_count' end as field,
    case when json_valid(result) then result else '{}' end as result
  from job_executions
  where job_name in ('recover', 'scan-stuck')
    and started_at >= :since
    and started_at < '9999'
) e
group by job
