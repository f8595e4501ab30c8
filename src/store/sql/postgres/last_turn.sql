-- last_turn: the player with the last turn in a capped run, the longest overdue first
-- :grace_1      bigint        grace in chapter 1, microseconds
-- :step_1       bigint        time to lose 0.01 in chapter 1, microseconds
-- :grace_2      bigint        grace in chapter 2, microseconds
-- :step_2       bigint        time to lose 0.01 in chapter 2, microseconds
-- :grace_3      bigint        grace in chapter 3, microseconds
-- :step_3       bigint        time to lose 0.01 in chapter 3, microseconds
-- :grace_4      bigint        grace in chapter 4, microseconds
-- :step_4       bigint        time to lose 0.01 in chapter 4, microseconds
-- :grace_5      bigint        grace in chapter 5, microseconds
-- :step_5       bigint        time to lose 0.01 in chapter 5, microseconds
-- :now          timestamptz   the run's time
-- :never        bigint        how long a player who never interacted counts as overdue, microseconds
-- :not_before   timestamptz   charge nothing from before this; null: no limit
-- :before       bigint        how many turns come before the last
-- scans: users
select b.begins, u.id::text as id
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
and
-- [owes]
b.begins + r.step * interval '1 microsecond' <= :now::timestamptz
-- [/owes]
order by b.begins, u.id
offset :before
limit 1
