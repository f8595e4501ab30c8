-- demo_table: creates the table of names, which users does not have
create table demo_players (user_id text primary key references users (id) on delete cascade, name text not null)
