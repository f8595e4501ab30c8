//! The players and conversations of `demo`. Times are relative to now, which the caller chooses.
//!
//! The data is in `players.json` and `conversations.json`. It has players on both sides of the grace boundary, near the floor and near
//! the warning; the conversations are short stories, some over several days, and a few are broken as real ones can be.
//! `sample/tests.rs` lists what the data must contain.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::ids::UserId;
use crate::domain::player::{Metrics, Vice};
use crate::domain::points::Points;

#[cfg(test)]
mod tests;

/// The namespace of the sample's ids, so that they are the same in every demo.
const NAMESPACE: Uuid = Uuid::from_u128(0x6e69_6b69_7461_4a6f_8273_2d64_656d_6f31);

/// A player of the demo.
#[derive(Clone, Debug)]
pub struct SamplePlayer {
    /// For the demo's own table, because `users` has no name.
    pub name: String,
    /// `users.id`, derived from the name.
    pub id: UserId,
    /// The Telegram chat, if linked.
    pub telegram_id: Option<i64>,
    /// Before the first decay.
    pub score: Points,
    /// 1–5.
    pub chapter: i32,
    /// `active`, `boss_fight` or `game_over`.
    pub game_status: String,
    /// `completed`, `skipped` or `in_progress`.
    pub onboarding_status: String,
    /// An IANA name; one of them does not exist.
    pub timezone: String,
    /// Whether she can send messages unprompted.
    pub notifications_enabled: bool,
    /// Days since the game began.
    pub days_played: i32,
    /// How long ago the player last wrote or spoke; none for one who never did.
    pub last_interaction: Option<TimeDelta>,
    /// `user_metrics`.
    pub metrics: Metrics,
    /// `user_vice_preferences`.
    pub vices: Vec<Vice>,
    /// `engagement_state.state`.
    pub engagement_state: String,
}

/// A conversation of the demo.
#[derive(Clone, Debug)]
pub struct SampleConversation {
    /// The index of its player in [`players`].
    pub player: usize,
    /// `telegram`, `text` or `voice`.
    pub platform: String,
    /// The age of the last message.
    pub last_message: TimeDelta,
    /// How long ago the call ended; only for `voice`.
    pub ended: Option<TimeDelta>,
    /// The points that the application added to the score for it.
    pub score_delta: Option<Points>,
    messages: Value,
}

impl SampleConversation {
    /// The `messages` column for a demo that runs at `now`: a list of `{role, content, timestamp}`, or, for the broken
    /// conversation, an object.
    #[must_use]
    pub fn messages(&self, now: DateTime<Utc>) -> Value {
        let Value::Array(list) = &self.messages else { return self.messages.clone() };
        let message = |it: &Value| {
            let at = now - self.last_message - minutes_before(it);
            let content = match it["content"].as_str() {
                Some(TRAVEL_DIARY) => json!(travel_diary()),
                _ => it["content"].clone(),
            };
            json!({
                "role": it["role"],
                "content": content,
                "timestamp": at.to_rfc3339_opts(SecondsFormat::Micros, true),
            })
        };
        list.iter().map(message).collect()
    }

    /// The age of the first message.
    #[must_use]
    pub fn started(&self) -> TimeDelta {
        let longest = self.messages.as_array().into_iter().flatten().map(minutes_before).max();
        self.last_message + longest.unwrap_or_default()
    }
}

/// How long before the conversation's last message this one was sent.
fn minutes_before(message: &Value) -> TimeDelta {
    message["minutes_before_last"].as_i64().and_then(TimeDelta::try_minutes).unwrap_or_default()
}

/// The data's placeholder for [`travel_diary`].
const TRAVEL_DIARY: &str = "{travel diary}";

/// A message of about 20 KB, as people paste it: more than the stages read, and every sentence is a little different.
fn travel_diary() -> String {
    const SIGHTS: [&str; 7] = [
        "a heron on a broken pier",
        "two girls who sold mangoes through the window",
        "a station clock without hands",
        "a wedding that waved at us",
        "a goat on a roof",
        "a man who tuned a piano in a field",
        "rain that came from the side",
    ];
    (0..240).fold(String::new(), |diary, entry| {
        let sight = SIGHTS[entry % SIGHTS.len()];
        let (day, hour) = (entry / 12 + 1, entry % 12 + 8);
        format!("{diary}Day {day}, {hour} o'clock: the train stopped again, and we saw {sight}. ")
    })
}

/// A row of `players.json`.
#[derive(Deserialize)]
struct PlayerRow {
    name: String,
    telegram_id: Option<i64>,
    score_hundredths: i64,
    chapter: i32,
    game_status: String,
    onboarding_status: String,
    timezone: String,
    notifications_enabled: bool,
    days_played: i32,
    last_interaction_minutes: Option<i64>,
    metrics: MetricsRow,
    vices: Vec<ViceRow>,
    engagement_state: String,
}

#[derive(Deserialize)]
struct MetricsRow {
    intimacy: f64,
    passion: f64,
    trust: f64,
    secureness: f64,
}

#[derive(Deserialize)]
struct ViceRow {
    category: String,
    intensity_level: i32,
    engagement_score: f64,
}

/// A row of `conversations.json`.
#[derive(Deserialize)]
struct ConversationRow {
    player: String,
    platform: String,
    last_message_minutes: i64,
    ended_minutes: Option<i64>,
    score_delta_hundredths: Option<i64>,
    messages: Value,
}

/// The rows of an embedded file.
fn rows<T: for<'a> Deserialize<'a>>(file: &str) -> Vec<T> {
    serde_json::from_str(file).expect("the sample data is part of the program and read by its tests")
}

/// The sample players.
#[must_use]
pub fn players() -> Vec<SamplePlayer> {
    let read = |row: PlayerRow| SamplePlayer {
        id: UserId(Uuid::new_v5(&NAMESPACE, row.name.as_bytes())),
        name: row.name,
        telegram_id: row.telegram_id,
        score: Points(row.score_hundredths),
        chapter: row.chapter,
        game_status: row.game_status,
        onboarding_status: row.onboarding_status,
        timezone: row.timezone,
        notifications_enabled: row.notifications_enabled,
        days_played: row.days_played,
        last_interaction: row.last_interaction_minutes.map(TimeDelta::minutes),
        metrics: Metrics {
            intimacy: row.metrics.intimacy,
            passion: row.metrics.passion,
            trust: row.metrics.trust,
            secureness: row.metrics.secureness,
        },
        vices: row.vices.into_iter().map(vice).collect(),
        engagement_state: row.engagement_state,
    };
    rows(include_str!("players.json")).into_iter().map(read).collect()
}

fn vice(row: ViceRow) -> Vice {
    Vice { category: row.category, intensity_level: row.intensity_level, engagement_score: row.engagement_score }
}

/// The sample conversations, the oldest first. A conversation of an unknown player would be left out; a test makes sure that there
/// is none.
#[must_use]
pub fn conversations() -> Vec<SampleConversation> {
    let players = players();
    let read = |row: ConversationRow| {
        Some(SampleConversation {
            player: players.iter().position(|it| it.name == row.player)?,
            platform: row.platform,
            last_message: TimeDelta::minutes(row.last_message_minutes),
            ended: row.ended_minutes.map(TimeDelta::minutes),
            score_delta: row.score_delta_hundredths.map(Points),
            messages: row.messages,
        })
    };
    rows(include_str!("conversations.json")).into_iter().filter_map(read).collect()
}
