-- check_attempts: conversations with more attempts than allowed, or a negative number
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, cast(c.processing_attempts as text) || ' attempts' as found
from conversations c
where c.processing_attempts not between 0 and 3
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
