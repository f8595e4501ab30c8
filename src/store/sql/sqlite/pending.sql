-- pending: conversations that are over but not processed, including those waiting for a retry: how many, and since when the oldest
-- :cutoff        text          the latest time for the last message
-- :now           text          the database's clock
-- :most_attempts integer       attempts after which a conversation fails
-- :rollout       integer       share of players, 0 to 100 percent
select silent.many + ended.many, silent.oldest, ended.oldest
from (
  select count(*) as many, min(c.last_message_at) filter (where c.last_message_at >= '0001-01-01') as oldest
  from conversations c
  where
  -- [silent]
  (c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff)
  -- [/silent]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  -- [within_rollout]
  and case
    when :rollout >= 100 then true
    when length(c.user_id) = 36
      and substr(c.user_id, 1, 8) not glob '*[^0-9a-f]*'
      and substr(c.user_id, -8) not glob '*[^0-9a-f]*'
    then ((('0x' || substr(c.user_id, 1, 8)) ->> '$')
          + (('0x' || substr(c.user_id, -8)) ->> '$')) % 100 < :rollout
    else false
  end
  -- [/within_rollout]
) silent
cross join (
  select count(*) as many, min(c.ended_at) filter (where c.ended_at >= '0001-01-01') as oldest
  from conversations c
  where
  -- [ended]
  c.platform = 'voice'
  and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)
  and (c.last_message_at is null or replace(c.last_message_at, ' ', 'T') > :cutoff)
  -- [/ended]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  -- [within_rollout]
  and case
    when :rollout >= 100 then true
    when length(c.user_id) = 36
      and substr(c.user_id, 1, 8) not glob '*[^0-9a-f]*'
      and substr(c.user_id, -8) not glob '*[^0-9a-f]*'
    then ((('0x' || substr(c.user_id, 1, 8)) ->> '$')
          + (('0x' || substr(c.user_id, -8)) ->> '$')) % 100 < :rollout
    else false
  end
  -- [/within_rollout]
) ended
