-- count_due: how many conversations could be claimed, one after another
-- :cutoff        text      the latest time for the last message
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation fails
-- :rollout       integer   share of players, 0 to 100 percent
select (
  select count(*)
  from conversations c
  where
  -- [silent]
  (c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff)
  -- [/silent]
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours'))
  -- [/ready]
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
) + (
  select count(*)
  from conversations c
  where
  -- [ended]
  c.platform = 'voice'
  and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)
  and (c.last_message_at is null or replace(c.last_message_at, ' ', 'T') > :cutoff)
  -- [/ended]
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > strftime('%Y-%m-%dT%H:%M:%f000Z', :now, '+7 hours'))
  -- [/ready]
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
)
