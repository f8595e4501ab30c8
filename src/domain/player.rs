//! A player and their data.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::UserId;
use super::points::Points;
use super::time_zone::TimeZone;

/// A player's status in the game: `users.game_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GameStatus {
    /// Playing.
    Active,
    /// In a boss fight: the score is at stake, decay pauses.
    BossFight,
    /// Lost.
    GameOver,
    /// Won.
    Won,
}

impl GameStatus {
    /// Reads the database's word. An unknown one counts as `active`, the state without restrictions.
    #[must_use]
    pub fn read(word: &str) -> Self {
        match word {
            "boss_fight" => Self::BossFight,
            "game_over" => Self::GameOver,
            "won" => Self::Won,
            _ => Self::Active,
        }
    }

    /// Whether the game has ended. Conversations of such a player are skipped (spec 02).
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::GameOver | Self::Won)
    }
}

/// One player, as the pipeline reads them.
#[derive(Clone, Debug)]
pub struct Player {
    /// The player's id.
    pub id: UserId,
    /// The chat of the Telegram bot, if linked.
    pub telegram_id: Option<i64>,
    /// The relationship score; 50.00 where the database holds NULL.
    pub score: Points,
    /// Normally 1 to 5; the database can contain any number.
    pub chapter: i32,
    /// Their status in the game.
    pub game_status: GameStatus,
    /// When they last wrote or spoke.
    pub last_interaction_at: Option<DateTime<Utc>>,
    /// Whether the player accepts messages on Nikita's initiative.
    pub notifications_enabled: bool,
    /// An IANA name from the database; [`Player::zone`] reads it.
    pub timezone: String,
    /// The application's count of days.
    pub days_played: i32,
    /// When they joined.
    pub created_at: Option<DateTime<Utc>>,
    /// `users.conflict_details`.
    pub conflict_details: Option<Value>,
    /// When the last conflict began.
    pub last_conflict_at: Option<DateTime<Utc>>,
}

impl Player {
    /// The player's time zone; UTC if the database names one that does not exist.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::named(self.timezone.trim()).unwrap_or(TimeZone::utc())
    }

    /// Days since the game began: the application's count, or the days since the player joined if they are more.
    #[must_use]
    pub fn days(&self, now: DateTime<Utc>) -> i32 {
        let since = self.created_at.and_then(|at| i32::try_from((now - at).num_days()).ok());
        self.days_played.max(since.unwrap_or_default())
    }
}

/// The application's data about a player besides the game, from `user_profiles`, `user_backstories` and `psyche_states`, if they
/// exist. Each text has a name of ours; unknown ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Background {
    /// `name`, `occupation`, `city`, `interest`.
    pub profile: Vec<(&'static str, String)>,
    /// `venue`, `how_we_met`, `the_moment`, `unresolved_hook`.
    pub backstory: Vec<(&'static str, String)>,
    /// Her inner state towards the player, with the application's own names.
    pub psyche: Vec<(String, String)>,
}

/// `user_metrics`: four sides of the relationship, 0–100.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Metrics {
    /// Closeness.
    pub intimacy: f64,
    /// Attraction.
    pub passion: f64,
    /// Trust.
    pub trust: f64,
    /// How secure she feels.
    pub secureness: f64,
}

impl Default for Metrics {
    /// The middle of every scale, for a player without a row.
    fn default() -> Self {
        Self { intimacy: 50.0, passion: 50.0, trust: 50.0, secureness: 50.0 }
    }
}

/// `user_vice_preferences`: a theme the player leans towards.
#[derive(Clone, Debug, Serialize)]
pub struct Vice {
    /// Such as `dark_humor`.
    pub category: String,
    /// 1–5.
    pub intensity_level: i32,
    /// How much the player responds to it; larger is more.
    pub engagement_score: f64,
}
