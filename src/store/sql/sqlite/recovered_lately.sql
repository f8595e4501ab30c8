-- recovered_lately: what runs of recover and scan-stuck recovered, by kind and rule, the most first
-- :since   text   of runs that began since
select
  substr(coalesce(cast(json_extract(entry, '$.kind') as text), 'conversation'), 1, 40) as kind,
  substr(
    case
      when json_extract(entry, '$.rule') <> 'none' then cast(json_extract(entry, '$.rule') as text)
      when job_name = 'recover' then 'by_hand'
      else 'unknown'
    end, 1, 40) as rule,
  count(*) as count
from (
  select e.job_name, each.value as entry
  from job_executions e
  join json_each(
    case
      when json_valid(e.result) and json_type(e.result, '$.recoveries') = 'array' then json_extract(e.result, '$.recoveries')
      else '[]'
    end
  ) each
  where e.job_name in ('recover', 'scan-stuck')
    and e.started_at >= :since
    and each.type = 'object'
)
where json_extract(entry, '$.success') is not 0
group by 1, 2
order by 3 desc, 1, 2
limit 20
