-- embedding_type: the type of the facts' vectors
select format_type(atttypid, atttypmod)
from pg_attribute
where attrelid = to_regclass('memory_facts')
  and attname = 'embedding'
  and not attisdropped
