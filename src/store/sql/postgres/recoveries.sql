-- recoveries: how much recover and scan-stuck have recovered
-- :since   timestamptz   from when on
select
  job,
  cast(
    coalesce(
      sum(
        case
          when jsonb_typeof(result -> field) = 'number' then case
              when cast(result ->> field as numeric) between 0 and 1e9 then cast(result ->> field as numeric)
            end
        end
      ),
      0
    ) as bigint
  ) as recovered
from (
  select
    cast(job_name as text) as job,
    case when job_name = 'recover' then 'recovered' else 'recoveries_count' end as field,
    cast(result as jsonb) as result
  from job_executions
  where job_name in ('recover', 'scan-stuck')
    and started_at >= :since
    and started_at < 'infinity'
) e
group by job
