-- check_signed: conversations with the token of our commit, but not its other values
-- :since timestamptz   ignore rows last changed before this; null: check all rows
-- :most bigint   the most rows
-- scans: conversations
select cast(c.id as text) as id, 'closed by ' || cast(c.closed_token as text)
    || case
        when c.processed_at is null then ', never processed'
        when c.closed_token = c.claim_token then ', and its claim is still there'
        else ', and failed'
    end as found
from conversations c
where c.closed_token is not null
  and (c.processed_at is null or c.closed_token = c.claim_token
    -- Not of a later claim, which can fail.
    or (c.status = 'failed' and c.processed_at > c.claimed_at))
  and (c.updated_at >= :since) is not false
order by c.id
limit :most
