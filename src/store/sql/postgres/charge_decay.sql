-- charge_decay: charges the overdue among the next eligible players
-- :grace_1        bigint        grace in chapter 1, microseconds
-- :step_1         bigint        time to lose 0.01 in chapter 1, microseconds
-- :grace_2        bigint        grace in chapter 2, microseconds
-- :step_2         bigint        time to lose 0.01 in chapter 2, microseconds
-- :grace_3        bigint        grace in chapter 3, microseconds
-- :step_3         bigint        time to lose 0.01 in chapter 3, microseconds
-- :grace_4        bigint        grace in chapter 4, microseconds
-- :step_4         bigint        time to lose 0.01 in chapter 4, microseconds
-- :grace_5        bigint        grace in chapter 5, microseconds
-- :step_5         bigint        time to lose 0.01 in chapter 5, microseconds
-- :now            timestamptz   the run's time
-- :never          bigint        how long a player who never interacted counts as overdue, microseconds
-- :not_before     timestamptz   charge nothing from before this; null: no limit
-- :from           text          the first id
-- :most_players   bigint        the most players to read
-- :most           bigint        the cap per player, in hundredths of a point
-- :turn_begins    timestamptz   the last turn of a capped run: when the player's unpaid time begins; null: no cap
-- :turn_id        text          the last turn: the player's id
-- :warn_below     bigint        warn a player who falls below this, in hundredths of a point
-- :quiet_since    timestamptz   do not warn a player again who was warned since this
-- :quiet_until    timestamptz   or will be warned until this
-- :goodbye        text          the goodbye to a player who loses
-- :warning        text          the warning to a player whose score falls low
-- :warned_of      text          what the warning is about
-- Reads the players once, by their index. Then it finds each overdue row again by its place (ctid), locks it, and reads its current
-- values; the lock keeps it there until the update. The sort makes the update begin only when all rows are locked. A row that was written
-- between the read and the lock has moved: the update passes it over, and the next run charges it.
with page as materialized (
  select
    u.id,
    u.ctid as place,
    (
      -- [unreadable]
      (u.relationship_score between 0 and 1e12) is not true
      or (u.chapter in (1, 2, 3, 4, 5)) is not true
      or (u.last_interaction_at between '0001-01-01' and '9999-12-31') is false
      or (u.decayed_through between '0001-01-01' and '9999-12-31') is false
      -- [/unreadable]
    ) as unreadable,
    (
      -- [owes]
      b.begins + r.step * interval '1 microsecond' <= :now::timestamptz
      -- [/owes]
      -- [in_turn]
      and (
        :turn_begins::timestamptz is null
        or (b.begins, u.id) <= (:turn_begins::timestamptz, :turn_id::text::uuid)
      )
      -- [/in_turn]
    ) as owes
  from users u
  cross join lateral (
    -- [rule]
    select
      case u.chapter
        when 1 then cast(:grace_1 as bigint)
        when 2 then cast(:grace_2 as bigint)
        when 3 then cast(:grace_3 as bigint)
        when 4 then cast(:grace_4 as bigint)
        when 5 then cast(:grace_5 as bigint)
      end as grace,
      case u.chapter
        when 1 then cast(:step_1 as bigint)
        when 2 then cast(:step_2 as bigint)
        when 3 then cast(:step_3 as bigint)
        when 4 then cast(:step_4 as bigint)
        when 5 then cast(:step_5 as bigint)
      end as step
    -- [/rule]
  ) r
  cross join lateral (
    -- [begins]
    select
      case
        when
        -- [unreadable]
        (u.relationship_score between 0 and 1e12) is not true
        or (u.chapter in (1, 2, 3, 4, 5)) is not true
        or (u.last_interaction_at between '0001-01-01' and '9999-12-31') is false
        or (u.decayed_through between '0001-01-01' and '9999-12-31') is false
        -- [/unreadable]
        then null
        when u.last_interaction_at is null
        then greatest(
          coalesce(u.decayed_through, :now::timestamptz - :never::bigint * interval '1 microsecond'),
          :not_before::timestamptz
        )
        else greatest(
          u.last_interaction_at + r.grace * interval '1 microsecond',
          u.decayed_through,
          :not_before::timestamptz
        )
      end as begins
    -- [/begins]
  ) b
  where
  -- [eligible]
  u.game_status = 'active'
  and u.onboarding_status in ('completed', 'skipped')
  -- [/eligible]
  and u.id >= :from::text::uuid
  order by u.id
  limit :most_players
), due as materialized (
  select it.*
  from page p
  cross join lateral (
    select
      u.ctid as place,
      u.id,
      u.chapter,
      u.telegram_id,
      u.notifications_enabled,
      -- Some applications store scores in double precision, which has no exact sums of hundredths.
      cast(u.relationship_score as numeric) as before,
      b.begins,
      r.step,
      (date_part('epoch', :now::timestamptz - b.begins) * 1000000)::bigint / r.step as steps
    from users u
    cross join lateral (
      -- [rule]
      select
        case u.chapter
          when 1 then cast(:grace_1 as bigint)
          when 2 then cast(:grace_2 as bigint)
          when 3 then cast(:grace_3 as bigint)
          when 4 then cast(:grace_4 as bigint)
          when 5 then cast(:grace_5 as bigint)
        end as grace,
        case u.chapter
          when 1 then cast(:step_1 as bigint)
          when 2 then cast(:step_2 as bigint)
          when 3 then cast(:step_3 as bigint)
          when 4 then cast(:step_4 as bigint)
          when 5 then cast(:step_5 as bigint)
        end as step
      -- [/rule]
    ) r
    cross join lateral (
      -- [begins]
      select
        case
          when
          -- [unreadable]
          (u.relationship_score between 0 and 1e12) is not true
          or (u.chapter in (1, 2, 3, 4, 5)) is not true
          or (u.last_interaction_at between '0001-01-01' and '9999-12-31') is false
          or (u.decayed_through between '0001-01-01' and '9999-12-31') is false
          -- [/unreadable]
          then null
          when u.last_interaction_at is null
          then greatest(
            coalesce(u.decayed_through, :now::timestamptz - :never::bigint * interval '1 microsecond'),
            :not_before::timestamptz
          )
          else greatest(
            u.last_interaction_at + r.grace * interval '1 microsecond',
            u.decayed_through,
            :not_before::timestamptz
          )
        end as begins
      -- [/begins]
    ) b
    where
    u.ctid = p.place
    and u.id = p.id
    and
    -- [eligible]
    u.game_status = 'active'
    and u.onboarding_status in ('completed', 'skipped')
    -- [/eligible]
    and
    -- [owes]
    b.begins + r.step * interval '1 microsecond' <= :now::timestamptz
    -- [/owes]
    -- [in_turn]
    and (
      :turn_begins::timestamptz is null
      or (b.begins, u.id) <= (:turn_begins::timestamptz, :turn_id::text::uuid)
    )
    -- [/in_turn]
    for no key update of u skip locked
  ) it
  where p.owes
  order by it.id
), owed as (
  select due.*, least(least(steps, :most) * 0.01, before) as amount
  from due
), charged as (
  update users u
  set
    relationship_score = o.before - o.amount,
    decayed_through = o.begins + o.steps * o.step * interval '1 microsecond',
    game_status = case when o.before <= o.amount then 'game_over' else u.game_status end
  from owed o
  where u.id = o.id
    and u.ctid = o.place
  returning
    o.id,
    o.chapter,
    o.telegram_id,
    o.notifications_enabled,
    o.before,
    o.amount,
    o.step,
    o.before - o.amount as after,
    o.before <= o.amount as lost
), history as (
  insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at)
  select
    gen_random_uuid(),
    id,
    after,
    chapter,
    'decay',
    jsonb_build_object(
      'decay_amount', amount,
      'hours_charged', round(amount * step / 36000000, 4),
      'score_before', before
    ),
    :now::timestamptz
  from charged
  where amount > 0
  union all
  select
    gen_random_uuid(),
    id,
    after,
    chapter,
    'decay_game_over',
    jsonb_build_object('score_before', before),
    :now::timestamptz
  from charged
  where lost
), goodbye as (
  insert into scheduled_events (id, user_id, platform, event_type, content, scheduled_at, status)
  select
    gen_random_uuid(),
    id,
    'telegram',
    'decay_game_over',
    jsonb_build_object('chat_id', telegram_id, 'text', :goodbye::text),
    :now,
    'pending'
  from charged
  where lost
    and notifications_enabled
    and telegram_id is not null
), warning as (
  insert into scheduled_touchpoints (
    id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, skipped
  )
  select
    gen_random_uuid(),
    c.id,
    'event',
    jsonb_build_object(
      'trigger_type', 'event',
      'event_type', 'decay_warning',
      'event_description', :warned_of::text,
      'chapter', c.chapter,
      'emotional_state', '{}'::jsonb
    ),
    :warning::text,
    :now,
    false,
    false
  from charged c
  where c.before >= cast(:warn_below as bigint) * 0.01
    and c.after < cast(:warn_below as bigint) * 0.01
    and not c.lost
    and c.telegram_id is not null
    and not
    -- [warned_lately]
    exists (
      select 1
      from scheduled_touchpoints t
      where t.user_id = c.id
        and t.delivery_at > :quiet_since
        and t.delivery_at < :quiet_until
        and t.trigger_context ->> 'event_type' = 'decay_warning'
    )
    -- [/warned_lately]
  returning 1
)
select
  (select count(*) from page) as processed,
  (select count(*) from page where unreadable) as unreadable,
  -- Who owed when the players were looked at, and could not be locked as he was then: another session was writing the row.
  (select count(*) from page where owes) - (select count(*) from due) as locked,
  (select id::text from page order by id desc limit 1) as last,
  count(*) filter (where amount > 0) as decayed,
  count(*) filter (where lost) as game_overs,
  (select count(*) from warning) as warned,
  sum(amount) as points
from charged
