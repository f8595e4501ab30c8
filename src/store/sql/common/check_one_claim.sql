-- check_one_claim: players with more than one claimed conversation
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.user_id as text) as id, cast(count(*) as text) || ' claimed conversations' as found
from conversations c
where c.claim_token is not null and c.status = 'processing'
group by c.user_id
having count(*) > 1 and (max(c.updated_at) >= :since) is not false
order by c.user_id
limit :most
