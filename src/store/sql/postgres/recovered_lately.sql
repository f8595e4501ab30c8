-- recovered_lately: what runs recovered, by kind and rule, the most first: of recover and scan-stuck, and dead runs that the next run closed
-- :since   timestamptz   of runs that began since
select kind, rule, count(*) as count
from (
  select
    substr(coalesce(each.value ->> 'kind', 'conversation'), 1, 40) as kind,
    substr(
      case
        when each.value ->> 'rule' <> 'none' then each.value ->> 'rule'
        when e.job_name = 'recover' then 'by_hand'
        else 'unknown'
      end, 1, 40) as rule
  from job_executions e
  cross join lateral jsonb_array_elements(
    case
      when jsonb_typeof(cast(e.result as jsonb) -> 'recoveries') = 'array' then cast(e.result as jsonb) -> 'recoveries'
      else '[]'
    end
  ) each
  where e.job_name in ('recover', 'scan-stuck')
    and e.started_at >= :since
    and jsonb_typeof(each.value) = 'object'
    and each.value ->> 'success' is distinct from 'false'
  union all
  select 'execution', 'owner_dead'
  from job_executions e
  where e.status = 'failed'
    and coalesce(e.completed_at, e.started_at) >= :since
    and cast(e.result as jsonb) #>> '{error,kind}' = 'lease_expired'
) recovered
group by kind, rule
order by 3 desc, kind, rule
limit 20
