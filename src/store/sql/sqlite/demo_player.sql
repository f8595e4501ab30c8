-- demo_player: a player
-- :id                      text      who
-- :telegram_id             integer   the chat
-- :score                   real      0 to 100
-- :chapter                 integer   1 to 5
-- :game_status             text      how the game stands
-- :last_interaction_at     text      the last message
-- :onboarding_status       text      whether they have begun
-- :notifications_enabled   integer   whether they may be written to
-- :timezone                text      where they live
-- :days_played             integer   since the game began
insert into users (
    id,
    telegram_id,
    relationship_score,
    chapter,
    game_status,
    last_interaction_at,
    onboarding_status,
    notifications_enabled,
    timezone,
    days_played
  )
values (
    :id,
    :telegram_id,
    :score,
    :chapter,
    :game_status,
    :last_interaction_at,
    :onboarding_status,
    :notifications_enabled,
    :timezone,
    :days_played
  )
