-- pending: conversations that are over but not processed, including those waiting for a retry: how many, and since when the oldest
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the database's clock
-- :most_attempts integer       attempts after which a conversation fails
-- :rollout       integer       share of players, 0 to 100 percent
select silent.many + ended.many, silent.oldest, ended.oldest
from (
  select count(*) as many, min(c.last_message_at) filter (where c.last_message_at >= '0001-01-01') as oldest
  from conversations c
  where
  -- [silent]
  c.last_message_at <= :cutoff
  -- [/silent]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  -- [within_rollout]
  and (:rollout >= 100
       or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
           + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
  -- [/within_rollout]
) silent
cross join (
  select count(*) as many, min(c.ended_at) filter (where c.ended_at >= '0001-01-01') as oldest
  from conversations c
  where
  -- [ended]
  c.platform = 'voice'
  and c.ended_at <= :now
  and (c.last_message_at is null or c.last_message_at > :cutoff)
  -- [/ended]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  -- [within_rollout]
  and (:rollout >= 100
       or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
           + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
  -- [/within_rollout]
) ended
