-- count_overdue: how many eligible players are overdue by at least a step
-- :grace_1      integer   grace in chapter 1, microseconds
-- :step_1       integer   time to lose 0.01 in chapter 1, microseconds
-- :grace_2      integer   grace in chapter 2, microseconds
-- :step_2       integer   time to lose 0.01 in chapter 2, microseconds
-- :grace_3      integer   grace in chapter 3, microseconds
-- :step_3       integer   time to lose 0.01 in chapter 3, microseconds
-- :grace_4      integer   grace in chapter 4, microseconds
-- :step_4       integer   time to lose 0.01 in chapter 4, microseconds
-- :grace_5      integer   grace in chapter 5, microseconds
-- :step_5       integer   time to lose 0.01 in chapter 5, microseconds
-- :now          text      the run's time
-- :never        integer   how long a player who never interacted counts as overdue, microseconds
-- :not_before   text      charge nothing from before this; null: no limit
-- scans: users
select count(*)
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
        coalesce(unixepoch(:not_before) * 1000000 + cast(substr(:not_before, 21, 6) as integer), 0) as not_before
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
) owed
