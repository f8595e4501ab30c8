-- decay_page: the next eligible players: how many, how many of them are unreadable, and the row of the last
-- :from           integer   the first row
-- :most_players   integer   the most players
select count(*) as processed, coalesce(sum(unreadable), 0) as unreadable, max(row) as last
from (
  select
    u.rowid as row,
    (
      -- [unreadable]
      (u.relationship_score between 0 and 1e12) is not true
      or (u.chapter in (1, 2, 3, 4, 5)) is not true
      or u.last_interaction_at is not null
        and not (u.last_interaction_at glob '[0-9][0-9][0-9][0-9]-*' and u.last_interaction_at >= '0001' and unixepoch(u.last_interaction_at) is not null)
      or u.decayed_through is not null
        and not (u.decayed_through glob '[0-9][0-9][0-9][0-9]-*' and u.decayed_through >= '0001' and unixepoch(u.decayed_through) is not null)
      -- [/unreadable]
    ) as unreadable
  from users u
  where
  -- [eligible]
  u.game_status = 'active'
  and u.onboarding_status in ('completed', 'skipped')
  -- [/eligible]
  and u.rowid >= :from
  order by u.rowid
  limit :most_players
)
