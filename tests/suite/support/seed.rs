//! Rows to begin with.

use serde_json::{Value, json};
use uuid::Uuid;

use super::db::Db;

/// The time at which tests with a fixed clock take place: a Wednesday.
pub const NOW: &str = "2026-11-18T12:00:00.000000Z";

/// A player's row: the columns that tests vary.
#[derive(Clone, Debug)]
pub struct Player {
    pub id: Uuid,
    pub score: &'static str,
    pub chapter: i32,
    pub game_status: &'static str,
    pub onboarding: &'static str,
    /// SQL, such as `null` or a literal.
    pub last_interaction: String,
    pub decayed_through: String,
    pub telegram_id: &'static str,
    pub notifications: bool,
    pub timezone: &'static str,
}

impl Default for Player {
    fn default() -> Self {
        Self {
            id: Uuid::new_v4(),
            score: "60.00",
            chapter: 1,
            game_status: "active",
            onboarding: "completed",
            last_interaction: "null".to_owned(),
            decayed_through: "null".to_owned(),
            telegram_id: "4711",
            notifications: true,
            timezone: "UTC",
        }
    }
}

impl Player {
    pub fn insert(&self, db: &Db) -> Uuid {
        let Self {
            id,
            score,
            chapter,
            game_status,
            onboarding,
            last_interaction,
            decayed_through,
            telegram_id,
            notifications,
            timezone,
        } = self;
        let notifications =
            if db.is_postgres() { notifications.to_string() } else { u8::from(*notifications).to_string() };
        db.execute(&format!(
            "insert into users (id, relationship_score, chapter, game_status, onboarding_status, last_interaction_at, \
                 decayed_through, telegram_id, notifications_enabled, timezone) values ('{id}', {score}, {chapter}, \
                 '{game_status}', '{onboarding}', {last_interaction}, {decayed_through}, {telegram_id}, {notifications}, '{timezone}')"
        ));
        *id
    }
}

/// A time as SQL: so many seconds from [`NOW`].
pub fn at(seconds: i64) -> String {
    format!("'{}'", time(seconds))
}

/// A time as text: so many seconds from [`NOW`].
pub fn time(seconds: i64) -> String {
    let now: chrono::DateTime<chrono::Utc> = NOW.parse().expect("a time");
    (now + chrono::TimeDelta::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Reads a time as either database writes it.
pub fn read_time(text: &str) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::parse_from_rfc3339(text)
        .or_else(|_| chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .unwrap_or_else(|error| panic!("{text:?}: {error}"))
        .to_utc()
}

/// A small conversation.
pub fn transcript(lines: &[&str]) -> Value {
    let message =
        |(i, line): (usize, &&str)| json!({"role": if i % 2 == 0 { "user" } else { "nikita" }, "content": line});
    Value::Array(lines.iter().enumerate().map(message).collect())
}

/// A conversation whose last message was so many seconds after [`NOW`] (hence negative).
pub fn conversation(db: &Db, user: Uuid, last_message: i64, messages: &Value) -> Uuid {
    let id = Uuid::new_v4();
    let text = messages.to_string().replace('\'', "''");
    let at = at(last_message);
    db.execute(&format!(
        "insert into conversations (id, user_id, platform, messages, started_at, last_message_at, score_delta) \
         values ('{id}', '{user}', 'telegram', '{text}', {at}, {at}, 1.50)"
    ));
    id
}

/// As many players, each with one stale conversation, oldest first.
pub fn backlog(db: &Db, many: usize) -> Vec<Uuid> {
    (0..many)
        .map(|i| {
            let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
            let age = i64::try_from(many - i).expect("small") * 60 + 3600;
            conversation(
                db,
                user,
                -age,
                &transcript(&["I work as a nurse in Lisbon.", "That sounds lovely!", "I love climbing."]),
            )
        })
        .collect()
}
