-- embedding_type: the type of the vectors of facts
select format_type(atttypid, atttypmod)
from pg_attribute
where attrelid = to_regclass('memory_facts')
  and attname = 'embedding'
  and not attisdropped
