-- recovered_lately: what runs of recover and scan-stuck recovered, by kind and rule, the most first
-- :since   timestamptz   of runs that began since
select
  substr(coalesce(each.value ->> 'kind', 'conversation'), 1, 40) as kind,
  substr(
    case
      when each.value ->> 'rule' <> 'none' then each.value ->> 'rule'
      when e.job_name = 'recover' then 'by_hand'
      else 'unknown'
    end, 1, 40) as rule,
  count(*) as count
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
group by 1, 2
order by 3 desc, 1, 2
limit 20
