-- odd_conversations: how many due conversations have an id, or a player's id, that is not spelled as we spell ids
-- :cutoff        text      the latest time for the last message
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation fails
select count(*)
from conversations c
where ((c.last_message_at <= :cutoff and replace(c.last_message_at, ' ', 'T') <= :cutoff) or (c.platform = 'voice' and (c.ended_at <= :now and replace(c.ended_at, ' ', 'T') <= :now)))
  -- [ready]
  -- [unspent]
  and c.status = 'active'
  and coalesce(c.processing_attempts, 0) < :most_attempts
  -- [/unspent]
  and (c.next_attempt_at is null or c.next_attempt_at <= :now)
  -- [/ready]
  and not (
    coalesce(
      length(c.id) = 36
      and c.id not glob '*[^-0-9a-f]*'
      and length(c.user_id) = 36
      and c.user_id not glob '*[^-0-9a-f]*', false)
  )
