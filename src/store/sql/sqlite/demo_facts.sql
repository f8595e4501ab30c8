-- demo_facts: facts, each with its replacement
select m.user_id, m.fact, n.fact
from memory_facts m
left join memory_facts n on n.id = m.superseded_by
order by m.created_at, m.rowid
