-- odd_conversations: how many due conversations have an id, or a player's, that is not written as we write them
-- :cutoff        text      the last message must not be later
-- :now           text      the run's time
-- :most_attempts integer   attempts after which a conversation is given up
select count(*)
from conversations c
where (c.last_message_at <= :cutoff or (c.platform = 'voice' and c.ended_at <= :now))
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
