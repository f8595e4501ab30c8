-- demo_player: inserts a player
-- :id                      text      the player's id
-- :telegram_id             integer   the Telegram chat
-- :score                   real      0 to 100
-- :chapter                 integer   1 to 5
-- :game_status             text      the state of the game
-- :last_interaction_at     text      the last message
-- :onboarding_status       text      the state of the onboarding
-- :notifications_enabled   integer   whether they accept messages
-- :timezone                text      the time zone
-- :days_played             integer   days since the game began
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
