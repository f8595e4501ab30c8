-- decay_owed_table: creates the temporary table of what a chunk's players owe, in place of PostgreSQL's common table expressions
create temp table if not exists decay_owed (
  player integer primary key,
  id,
  chapter,
  telegram_id,
  notifications_enabled,
  before integer,
  amount integer,
  through integer,
  step integer
)
