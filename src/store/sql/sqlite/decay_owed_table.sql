-- decay_owed_table: makes the temporary table of what a chunk owes: it stands in for PostgreSQL's common expressions
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
