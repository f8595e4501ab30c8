-- decay_preview: what a run of decay would do
-- :grace_1       integer   grace in chapter 1, microseconds
-- :step_1        integer   time to lose 0.01 in chapter 1, microseconds
-- :grace_2       integer   grace in chapter 2, microseconds
-- :step_2        integer   time to lose 0.01 in chapter 2, microseconds
-- :grace_3       integer   grace in chapter 3, microseconds
-- :step_3        integer   time to lose 0.01 in chapter 3, microseconds
-- :grace_4       integer   grace in chapter 4, microseconds
-- :step_4        integer   time to lose 0.01 in chapter 4, microseconds
-- :grace_5       integer   grace in chapter 5, microseconds
-- :step_5        integer   time to lose 0.01 in chapter 5, microseconds
-- :now           text      the run's time
-- :never         integer   how long a player who never interacted counts as overdue, microseconds
-- :not_before    text      charge nothing from before this; null: no limit
-- :most          integer   the cap per player, in hundredths of a point
-- :turn_begins   text      the last turn of a capped run: when the player's unpaid time begins; null: no cap
-- :turn_id       text      the last turn: the player's id
-- :warn_below    integer   warn a player who falls below this, in hundredths of a point
-- :quiet_since   text      do not warn a player again who was warned since this
-- :quiet_until   text      or will be warned until this
-- scans: users
with due as (
  select id, telegram_id, before, min(steps, :most, before) as amount
  from (
    select *, (now - begins) / step as steps
    from (
      select
        u.rowid as player,
        u.id,
        u.chapter,
        u.telegram_id,
        u.notifications_enabled,
        cast(round(u.relationship_score * 100) as integer) as before,
        -- [begins]
        case
          when
          -- [unreadable]
          (u.relationship_score between 0 and 1e12) is not true
          or (u.chapter in (1, 2, 3, 4, 5)) is not true
          or u.last_interaction_at is not null
            and not (u.last_interaction_at glob '[0-9][0-9][0-9][0-9]-*' and u.last_interaction_at >= '0001' and unixepoch(u.last_interaction_at) is not null)
          or u.decayed_through is not null
            and not (u.decayed_through glob '[0-9][0-9][0-9][0-9]-*' and u.decayed_through >= '0001' and unixepoch(u.decayed_through) is not null)
          -- [/unreadable]
          then null
          when u.last_interaction_at is null
          then max(coalesce(unixepoch(u.decayed_through) * 1000000 + cast(substr(u.decayed_through, 21, 6) as integer), at.now - :never), at.not_before)
          else max(
            unixepoch(u.last_interaction_at) * 1000000 + cast(substr(u.last_interaction_at, 21, 6) as integer)
            + case u.chapter
              when 1 then :grace_1
              when 2 then :grace_2
              when 3 then :grace_3
              when 4 then :grace_4
              when 5 then :grace_5
              end,
            coalesce(unixepoch(u.decayed_through) * 1000000 + cast(substr(u.decayed_through, 21, 6) as integer), 0),
            at.not_before
          )
        end as begins,
        -- [/begins]
        -- [step]
        case u.chapter
          when 1 then :step_1
          when 2 then :step_2
          when 3 then :step_3
          when 4 then :step_4
          when 5 then :step_5
        end as step,
        -- [/step]
        at.*
      from (
        select
          unixepoch(:now) * 1000000 + cast(substr(:now, 21, 6) as integer) as now,
          coalesce(unixepoch(:not_before) * 1000000 + cast(substr(:not_before, 21, 6) as integer), 0) as not_before,
          unixepoch(:turn_begins) * 1000000 + cast(substr(:turn_begins, 21, 6) as integer) as turn_begins
        -- This limit has no effect on the result; it keeps SQLite from evaluating the subquery again for every reference.
        limit 1
      ) at
      cross join users u
      where
      -- [eligible]
      u.game_status = 'active'
      and u.onboarding_status in ('completed', 'skipped')
      -- [/eligible]
      limit -1
    ) it
    where
    -- [owes]
    begins + step <= now
    -- [/owes]
    -- [in_turn]
    and (:turn_begins is null or (begins, id) <= (turn_begins, :turn_id))
    -- [/in_turn]
  )
)
select
  (
    select count(*)
    from users u
    where
    -- [eligible]
    u.game_status = 'active'
    and u.onboarding_status in ('completed', 'skipped')
    -- [/eligible]
  ) as processed,
  (
    select count(*)
    from users u
    where
    -- [eligible]
    u.game_status = 'active'
    and u.onboarding_status in ('completed', 'skipped')
    -- [/eligible]
    and (
      -- [unreadable]
      (u.relationship_score between 0 and 1e12) is not true
      or (u.chapter in (1, 2, 3, 4, 5)) is not true
      or u.last_interaction_at is not null
        and not (u.last_interaction_at glob '[0-9][0-9][0-9][0-9]-*' and u.last_interaction_at >= '0001' and unixepoch(u.last_interaction_at) is not null)
      or u.decayed_through is not null
        and not (u.decayed_through glob '[0-9][0-9][0-9][0-9]-*' and u.decayed_through >= '0001' and unixepoch(u.decayed_through) is not null)
      -- [/unreadable]
    )
  ) as unreadable,
  count(*) filter (where c.amount > 0) as decayed,
  count(*) filter (where c.before = c.amount) as game_overs,
  count(*) filter (
    where c.before >= :warn_below
      and c.before - c.amount < :warn_below
      and c.before > c.amount
      and c.telegram_id is not null
      and not
      -- [warned_lately]
      exists (
        select 1
        from scheduled_touchpoints t
        where t.user_id = c.id
          and t.delivery_at > :quiet_since
          and t.delivery_at < :quiet_until
          and case when json_valid(t.trigger_context) then t.trigger_context ->> 'event_type' end = 'decay_warning'
      )
      -- [/warned_lately]
  ) as warned,
  sum(c.amount) / 100.0 as points
from due c
