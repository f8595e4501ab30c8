-- check_token: incomplete claims of ours
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, coalesce(cast(c.status as text), 'no status')
    || case when c.claim_token is null then ', claimed by a run without a token' else ', a token that no run has claimed' end as found
from conversations c
where ((c.status = 'processing' and c.claimed_by is not null and c.claim_token is null)
    or (c.claim_token is not null and c.claimed_by is null))
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
