-- check_superseded: superseded facts that are still active, or whose successor, one of ours, is missing
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: memory_facts
select cast(f.id as text) as id,
    case when n.id is null then 'superseded by a fact that is not there' else 'superseded, and active' end as found
from memory_facts f
left join memory_facts n on n.id = f.superseded_by
where substr(cast(f.superseded_by as text), 15, 1) = '5'
  and (n.id is null or f.is_active)
  and (coalesce(n.created_at, f.created_at) >= :since) is not false
order by f.id
limit :most
