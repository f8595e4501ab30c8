-- demo_conversation: inserts a conversation to process
-- :id                text      its id
-- :user              text      the player
-- :platform          text      telegram, text or voice
-- :messages          text      the transcript
-- :started_at        text      the first message
-- :last_message_at   text      the last one
-- :ended_at          text      the end of a call
-- :score_delta       real      the points that the application added for it
-- :chapter           integer   1 to 5
insert into conversations (
    id,
    user_id,
    platform,
    messages,
    status,
    started_at,
    last_message_at,
    ended_at,
    score_delta,
    chapter_at_time,
    updated_at
  )
values (
    :id,
    :user,
    :platform,
    :messages,
    'active',
    :started_at,
    :last_message_at,
    :ended_at,
    :score_delta,
    :chapter,
    :last_message_at
  )
