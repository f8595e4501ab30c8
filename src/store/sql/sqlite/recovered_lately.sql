-- recovered_lately: what runs recovered, by kind and rule, the most first: of recover and scan-stuck, and dead runs that the next run closed
-- :since   text   of runs that began since
select kind, rule, count(*) as count
from (
  select
    substr(coalesce(cast(json_extract(entry, '$.kind') as text), 'conversation'), 1, 40) as kind,
    substr(
      case
        when json_extract(entry, '$.rule') <> 'none' then cast(json_extract(entry, '$.rule') as text)
        when job_name = 'recover' then 'by_hand'
        else 'unknown'
      end, 1, 40) as rule
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
  union all
  select 'execution', 'owner_dead'
  from job_executions e
  where e.status = 'failed'
    -- For the index.
    and e.status in ('completed', 'failed')
    and coalesce(e.completed_at, e.started_at) >= :since
    and case when json_valid(e.result) then json_extract(e.result, '$.error.kind') end = 'lease_expired'
) recovered
group by kind, rule
order by 3 desc, kind, rule
limit 20
