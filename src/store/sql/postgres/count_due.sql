-- count_due: how many conversations could be claimed, one after another
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the run's time
-- :most_attempts integer       attempts after which a conversation fails
-- :rollout       integer       share of players, 0 to 100 percent
select (
  select count(*)
  from conversations c
  where
  -- [silent]
  c.last_message_at <= :cutoff
  -- [/silent]
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > :now::timestamptz + interval '7 hours')
  -- [/ready]
  -- [within_rollout]
  and (:rollout >= 100
       or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
           + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
  -- [/within_rollout]
) + (
  select count(*)
  from conversations c
  where
  -- [ended]
  c.platform = 'voice'
  and c.ended_at <= :now
  and (c.last_message_at is null or c.last_message_at > :cutoff)
  -- [/ended]
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > :now::timestamptz + interval '7 hours')
  -- [/ready]
  -- [within_rollout]
  and (:rollout >= 100
       or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
           + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
  -- [/within_rollout]
)
