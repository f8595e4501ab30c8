-- What the application's later migrations add to its baseline.

alter table users add column big5_vector jsonb default '{}';
alter table users add column backstory_seed text;
alter table users add column brand_resonance_signal numeric;
alter table users add column archetype_candidates jsonb default '[]';
alter table users add check (((backstory_seed is null) or (length(backstory_seed) <= 300)));
alter table users add check (((brand_resonance_signal is null) or ((brand_resonance_signal >= (0)) and (brand_resonance_signal <= (1)))));
alter table job_executions add column cost_usd numeric(10,4);
alter table user_profiles add column name varchar(100);
alter table user_profiles add column occupation varchar(100);
alter table user_profiles add column age smallint;
alter table user_profiles add column preferred_call_window text;
alter table user_profiles add check (((age is null) or ((age >= 18) and (age <= 99))));
create index on user_profiles (age) where (age is not null);
