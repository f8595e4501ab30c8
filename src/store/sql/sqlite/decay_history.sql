-- decay_history: writes a chunk's history, in the order of the players' ids, as in its other index
-- :now   text   the run's time
-- needs: decay_owed
-- The id is a version 7 UUID from the run's time, chance and the player's row, because the index of random ids would cost more than the rows.
-- The digit distinguishes the two kinds of rows.
insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at)
select
  (
    select printf('%08x-%04x-7', ms >> 16, ms & 65535)
      || substr(lower(hex(randomblob(2))), 2) || '-a' || substr(lower(hex(randomblob(2))), 2) || '-'
    from (select unixepoch(:now) * 1000 + cast(substr(:now, 21, 3) as integer) as ms)
  ) || printf('%012x', player),
  id,
  (before - amount) / 100.0,
  chapter,
  'decay',
  json_object(
    'decay_amount', amount / 100.0,
    'hours_charged', round(amount * step / 3600000000.0, 4),
    'score_before', before / 100.0
  ),
  :now
from temp.decay_owed
where amount > 0
order by id
