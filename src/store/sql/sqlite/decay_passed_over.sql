-- decay_passed_over: the players whom a run of decay would not charge, by the rule that says no
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
-- :never         integer   how long overdue a player counts who never interacted, microseconds
-- :not_before    text      nothing from before is charged; null: all is
-- :turn_begins   text      the last turn of a capped run: when the debt begins; null: no cap
-- :turn_id       text      and whose it is
-- :listed        integer   at most so many of each rule
-- scans: users
select rule, cast(id as text) as id, many
from (
  select
    rule,
    id,
    count(*) over (partition by rule) as many,
    row_number() over (partition by rule order by id) as place
  from (
    select
      id,
      -- [why_player]
      case
        when eligible
        then case
          when unreadable then 'unreadable'
          when
          -- [owes]
          begins + step <= now
          -- [/owes]
          then case
            when true
            -- [in_turn]
            and (:turn_begins is null or (begins, id) <= (turn_begins, :turn_id))
            -- [/in_turn]
            then 'due'
            else 'behind'
          end
          when grace_ends > now then 'grace'
          when begins = not_before then 'foreign'
          else 'nothing_owed'
        end
        when game_status in ('boss_fight', 'game_over', 'won') then game_status
        when game_status = 'active' then 'introduction'
        else 'unknown_status'
      end
      -- [/why_player]
      as rule
    from (
      select
        u.rowid as player,
        u.id,
        u.game_status,
        (
          -- [eligible]
          u.game_status = 'active'
          and u.onboarding_status in ('completed', 'skipped')
          -- [/eligible]
        ) as eligible,
        (
          -- [unreadable]
          (u.relationship_score between 0 and 1e12) is not true
          or (u.chapter in (1, 2, 3, 4, 5)) is not true
          or u.last_interaction_at is not null
            and not (u.last_interaction_at glob '[0-9][0-9][0-9][0-9]-*' and u.last_interaction_at >= '0001' and unixepoch(u.last_interaction_at) is not null)
          or u.decayed_through is not null
            and not (u.decayed_through glob '[0-9][0-9][0-9][0-9]-*' and u.decayed_through >= '0001' and unixepoch(u.decayed_through) is not null)
          -- [/unreadable]
        ) as unreadable,
        cast(round(u.relationship_score * 100) as integer) as before,
        unixepoch(u.last_interaction_at) * 1000000 + cast(substr(u.last_interaction_at, 21, 6) as integer)
        + case u.chapter
          when 1 then :grace_1
          when 2 then :grace_2
          when 3 then :grace_3
          when 4 then :grace_4
          when 5 then :grace_5
          end as grace_ends,
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
        -- It limits nothing, and keeps SQLite from working out each time anew for every mention of it.
        limit 1
      ) at
      cross join users u
      limit -1
    ) it
  ) judged
  where rule <> 'due'
) ranked
where place <= :listed
order by many desc, rule, place
