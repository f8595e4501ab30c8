-- has_background: which of the application's tables about players exist
select
  to_regclass('user_profiles') is not null as profiles,
  to_regclass('user_backstories') is not null as backstories,
  to_regclass('psyche_states') is not null as psyches
