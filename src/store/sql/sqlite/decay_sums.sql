-- decay_sums: what a chunk took
-- needs: decay_owed
select
  count(*) filter (where amount > 0) as decayed,
  count(*) filter (where before = amount) as game_overs,
  sum(amount) / 100.0 as points
from temp.decay_owed
