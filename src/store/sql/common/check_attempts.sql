-- check_attempts: conversations with more attempts than there are, or fewer than none
-- :since timestamptz   rows that last changed before it are not looked at; null: all are
-- :most bigint   at most so many rows
-- scans: conversations
select cast(c.id as text) as id, cast(c.processing_attempts as text) || ' attempts' as found
from conversations c
where c.processing_attempts not between 0 and 3
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
