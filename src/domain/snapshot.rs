//! Everything a pipeline knows when it starts, read once per conversation.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::conversation::Conversation;
use super::memory::{Day, Fact, LifeEvent, Mood, Note};
use super::player::{Background, Metrics, Player, Vice};
use super::points::Points;

/// The reading that all nine stages share. Stages decide from this and the outputs of their needs, and nothing else.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The run's time, from the database's clock.
    pub now: DateTime<Utc>,
    /// The conversation in hand.
    pub conversation: Conversation,
    /// Its player.
    pub player: Player,
    /// What else the application knows of them.
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
    /// Her life events of the last eight days (by date, UTC), and of tomorrow where a zone is ahead.
    pub life_events: Vec<LifeEvent>,
    /// Her mood as last stored.
    pub mood: Option<Mood>,
    /// What is known of proactive messages.
    pub touchpoints: Touchpoints,
    /// The last days with the player, newest first, at most [`Snapshot::MOST_DAYS`].
    pub days: Vec<Day>,
    /// Decay charged within 36 hours of the conversation's last message: when, and how much.
    pub decay: Vec<(DateTime<Utc>, Points)>,
    /// Summaries of the player's latest processed conversations, newest first, at most five.
    pub recent_summaries: Vec<String>,
}

impl Snapshot {
    /// The most facts that a prompt could hold; more are not read.
    pub const MOST_FACTS: i64 = 60;
    /// The most threads, and the most thoughts, that are read.
    pub const MOST_NOTES: i64 = 20;
    /// The most days that are read.
    pub const MOST_DAYS: i64 = 40;
}

/// What the touchpoint stage must know of those before.
#[derive(Clone, Debug, Default)]
pub struct Touchpoints {
    /// Whether one waits to be delivered.
    pub pending: bool,
    /// When the latest delivered one went out.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// Life events that have had their touchpoint.
    pub used_events: Vec<Uuid>,
}
