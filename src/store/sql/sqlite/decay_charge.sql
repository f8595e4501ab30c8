-- decay_charge: charges the overdue players of a chunk
-- needs: decay_owed
-- The plus makes SQLite read the temporary table first; otherwise every chunk would read all players.
update users
set
  relationship_score = (o.before - o.amount) / 100.0,
  decayed_through = strftime('%Y-%m-%dT%H:%M:%S', o.through / 1000000, 'unixepoch')
    || printf('.%06dZ', o.through % 1000000),
  game_status = case when o.before = o.amount then 'game_over' else game_status end
from temp.decay_owed o
where users.rowid = +o.player
