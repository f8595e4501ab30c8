-- check_claim_owner: claims of unknown runs
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, 'claimed by ' || cast(c.claimed_by as text) || ', which is no execution' as found
from conversations c
left join job_executions e on e.id = c.claimed_by
where c.claim_token is not null and c.claimed_by is not null and e.id is null
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
