-- check_state: conversations in none of the four states
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, 'its status is ' || cast(c.status as text) as found
from conversations c
where cast(c.status as text) not in ('active', 'processing', 'processed', 'failed')
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
