//! The input of a pipeline, read once per conversation.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::conversation::Conversation;
use super::memory::{Day, Fact, LifeEvent, Mood, Note};
use super::player::{Background, Metrics, Player, Vice};
use super::points::Points;

/// The data that all nine stages share. Stages decide from this and the outputs of the stages they need, and nothing else.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The run's time, from the database's clock.
    pub now: DateTime<Utc>,
    /// The conversation.
    pub conversation: Conversation,
    /// Its player.
    pub player: Player,
    /// The application's other data about the player.
    pub background: Background,
    /// `user_metrics`.
    pub metrics: Metrics,
    /// `user_vice_preferences`, the most engaging first.
    pub vices: Vec<Vice>,
    /// `engagement_state.state`.
    pub engagement_state: Option<String>,
    /// The newest active facts, newest first, at most [`Snapshot::MOST_FACTS`].
    pub facts: Vec<Fact>,
    /// Open threads, newest first, at most [`Snapshot::MOST_NOTES`].
    pub threads: Vec<Note>,
    /// Unused thoughts that have not expired, newest first, at most [`Snapshot::MOST_NOTES`].
    pub thoughts: Vec<Note>,
    /// Her life events of the last eight days (by date, UTC), and of tomorrow, because some time zones are ahead.
    pub life_events: Vec<LifeEvent>,
    /// Her last stored mood.
    pub mood: Option<Mood>,
    /// Earlier proactive messages.
    pub touchpoints: Touchpoints,
    /// The last days with the player, newest first, at most [`Snapshot::MOST_DAYS`].
    pub days: Vec<Day>,
    /// Decay charged within 36 hours of the conversation's last message: time and points.
    pub decay: Vec<(DateTime<Utc>, Points)>,
    /// Summaries of the player's latest processed conversations, newest first, at most five.
    pub recent_summaries: Vec<String>,
}

impl Snapshot {
    /// The most facts that are read; no prompt can hold more.
    pub const MOST_FACTS: i64 = 60;
    /// The most threads, and the most thoughts, that are read.
    pub const MOST_NOTES: i64 = 20;
    /// The most days that are read.
    pub const MOST_DAYS: i64 = 40;
}

/// Earlier touchpoints.
#[derive(Clone, Debug, Default)]
pub struct Touchpoints {
    /// Whether one waits for delivery.
    pub pending: bool,
    /// When the latest one was delivered.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// Life events that already had a touchpoint.
    pub used_events: Vec<Uuid>,
}
