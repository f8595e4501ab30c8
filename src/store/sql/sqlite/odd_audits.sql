-- odd_audits: audits in progress whose id is not spelled as we spell ids
select coalesce(cast(r.audit_id as text), 'null')
from audit_reports r
where r.status = 'in_progress'
  and (r.audit_id glob '????????-????-????-????-????????????' and r.audit_id not glob '*[^0-9a-f-]*' and length(replace(r.audit_id, '-', '')) = 32) is not true
limit 10
