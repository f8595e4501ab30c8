-- passed_over: unprocessed conversations that a claim would pass over, with the rule
-- :cutoff        timestamptz   the latest time for the last message
-- :now           timestamptz   the run's time
-- :most_attempts integer   attempts after which a conversation fails
-- :rollout       integer   share of players, 0 to 100 percent
-- :most          bigint   the most for each rule
select rule, id, many
from (
  select
    rule,
    id,
    count(*) over (partition by rule) as many,
    row_number() over (partition by rule order by id) as place
  from (
    select
      cast(c.id as text) as id,
      -- [why]
      case
        when cast(c.status as text) in ('processed', 'failed', 'processing') then cast(c.status as text)
        when cast(c.status as text) is null or cast(c.status as text) <> 'active' then 'unknown_status'
        when not (true
          -- [known_ids]
          and c.user_id is not null
          -- [/known_ids]
        ) then 'odd_id'
        when not
          -- [over]
          (coalesce(c.last_message_at <= :cutoff, false)
           or coalesce(c.platform = 'voice'
             and c.ended_at <= :now
             and (c.last_message_at is null or c.last_message_at > :cutoff), false))
          -- [/over]
        then 'not_over'
        when coalesce(c.processing_attempts, 0) >= :most_attempts then 'attempts_used'
        when c.next_attempt_at > :now and c.next_attempt_at <= :now::timestamptz + interval '7 hours' then 'pause'
        when not (true
          -- [within_rollout]
          and (:rollout >= 100
               or (('x' || substr(c.user_id::text, 1, 8))::bit(32)::bigint
                   + ('x' || right(c.user_id::text, 8))::bit(32)::bigint) % 100 < :rollout)
          -- [/within_rollout]
        ) then 'rollout'
        when
          -- [busy]
          exists (
            select 1
            from conversations b
            where b.user_id = c.user_id and b.id <> c.id and b.status = 'processing'
          )
          -- [/busy]
        then 'player_busy'
        when not (true
          -- [first_of_its_player]
          and not exists (
            select 1
            from conversations o
            where
            -- [before_it]
            o.user_id = c.user_id
            and o.id <> c.id
            and o.status in ('active', 'processing')
            and (o.status = 'processing'
                 or (o.status = 'active'
                     and coalesce(o.processing_attempts, 0) < :most_attempts
                     and (coalesce(o.refusals, 0) = 0 or o.next_attempt_at is null or o.next_attempt_at <= :now or o.next_attempt_at > :now::timestamptz + interval '7 hours')
                     and (o.last_message_at <= :cutoff or (o.platform = 'voice' and o.ended_at <= :now))
                     and (coalesce(o.last_message_at, o.ended_at), o.id)
                       < (coalesce(c.last_message_at, c.ended_at), c.id)))
            -- [/before_it]
          )
          -- [/first_of_its_player]
        ) then 'older_first'
        when not (true
          -- [ready]
          -- [unspent]
          and c.status = 'active'
          and coalesce(c.processing_attempts, 0) < :most_attempts
          -- [/unspent]
          and (c.next_attempt_at is null or c.next_attempt_at <= :now or c.next_attempt_at > :now::timestamptz + interval '7 hours')
          -- [/ready]
        ) then 'not_ready'
        else 'due'
      end
      -- [/why]
      as rule
    from conversations c
    where c.status in ('active', 'processing')
  ) judged
  where rule <> 'due'
) ranked
where place <= :most
order by many desc, rule, place
