-- demo_table: makes the table of names: users has none
create table demo_players (user_id text primary key references users (id) on delete cascade, name text not null)
