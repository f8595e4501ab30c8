-- odd_executions: running executions whose id is not spelled as we spell ids
select coalesce(cast(r.id as text), 'null')
from job_executions r
where r.status = 'running'
  and (r.id glob '????????-????-????-????-????????????' and r.id not glob '*[^0-9a-f-]*' and length(replace(r.id, '-', '')) = 32) is not true
limit 10
