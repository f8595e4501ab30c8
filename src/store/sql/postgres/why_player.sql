-- why_player: the rule by which a run of decay would charge a player or not
-- :grace_1       bigint        grace in chapter 1, microseconds
-- :step_1        bigint        time to lose 0.01 in chapter 1, microseconds
-- :grace_2       bigint        grace in chapter 2, microseconds
-- :step_2        bigint        time to lose 0.01 in chapter 2, microseconds
-- :grace_3       bigint        grace in chapter 3, microseconds
-- :step_3        bigint        time to lose 0.01 in chapter 3, microseconds
-- :grace_4       bigint        grace in chapter 4, microseconds
-- :step_4        bigint        time to lose 0.01 in chapter 4, microseconds
-- :grace_5       bigint        grace in chapter 5, microseconds
-- :step_5        bigint        time to lose 0.01 in chapter 5, microseconds
-- :now           timestamptz   the run's time
-- :never         bigint        how long overdue a player counts who never interacted, microseconds
-- :not_before    timestamptz   nothing from before is charged; null: all is
-- :most          bigint        the most that is taken from a player, in hundredths
-- :turn_begins   timestamptz   the last turn of a capped run: when the debt begins; null: no cap
-- :turn_id       text          and whose it is
-- :player        text          who
select
  -- [why_player]
  case
    when
    -- [eligible]
    u.game_status = 'active'
    and u.onboarding_status in ('completed', 'skipped')
    -- [/eligible]
    then case
      when
      -- [unreadable]
      (u.relationship_score between 0 and 1e12) is not true
      or (u.chapter in (1, 2, 3, 4, 5)) is not true
      or (u.last_interaction_at between '0001-01-01' and '9999-12-31') is false
      or (u.decayed_through between '0001-01-01' and '9999-12-31') is false
      -- [/unreadable]
      then 'unreadable'
      when
      -- [owes]
      b.begins + r.step * interval '1 microsecond' <= :now::timestamptz
      -- [/owes]
      then case
        when true
        -- [in_turn]
        and (
          :turn_begins::timestamptz is null
          or (b.begins, u.id) <= (:turn_begins::timestamptz, :turn_id::text::uuid)
        )
        -- [/in_turn]
        then 'due'
        else 'behind'
      end
      when u.last_interaction_at + r.grace * interval '1 microsecond' > :now::timestamptz then 'grace'
      when b.begins = :not_before::timestamptz then 'foreign'
      else 'nothing_owed'
    end
    when cast(u.game_status as text) in ('boss_fight', 'game_over', 'won') then cast(u.game_status as text)
    when cast(u.game_status as text) = 'active' then 'introduction'
    else 'unknown_status'
  end
  -- [/why_player]
  as rule,
  b.begins,
  b.begins + r.step * interval '1 microsecond' as due_at,
  -- As `charge_decay` has it.
  case
    when
    -- [owes]
    b.begins + r.step * interval '1 microsecond' <= :now::timestamptz
    -- [/owes]
    then least(
      least((date_part('epoch', :now::timestamptz - b.begins) * 1000000)::bigint / r.step, :most) * 0.01,
      cast(u.relationship_score as numeric)
    )
  end as points,
  -- As it can be read, if at all.
  case when (u.relationship_score between 0 and 1e12) is true then cast(u.relationship_score as numeric) end as score
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
where u.id = :player::text::uuid
