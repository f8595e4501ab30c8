//! The results of `migrate`, `prompt render` and `report`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::UserId;
use crate::domain::prompt::Platform;
use crate::domain::words::Health;

/// What `migrate` did, or with `--plan` would do.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct MigrateResult {
    /// Whether it is only a plan.
    pub dry_run: bool,
    /// Statements that add missing columns.
    pub additions: Vec<String>,
    /// Migrations, in order.
    pub migrations: Vec<MigrationEntry>,
}

/// A migration.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MigrationEntry {
    /// Its number.
    pub version: i64,
    /// What it does, in a few words.
    pub name: String,
    /// The newest migration that a binary must know to work on the schema with this one in it.
    pub needs: i64,
    /// Its SQL, with `--plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// A player's prompt, rendered from what is stored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PromptResult {
    /// Whose.
    pub user_id: UserId,
    /// For text or for voice.
    pub platform: Platform,
    /// Which template.
    pub template: String,
    /// Its length in tokens.
    pub token_count: usize,
    /// The most it may have.
    pub token_budget: usize,
    /// Sections that did not fit.
    pub sections_left_out: Vec<String>,
    /// Whether it was cut at a sentence.
    pub cut: bool,
    /// The prompt.
    pub prompt: String,
}

/// The page that was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReportResult {
    /// Where it is.
    pub file: String,
    /// Its size.
    pub bytes: usize,
    /// From when on it looks.
    pub since: DateTime<Utc>,
    /// The verdict at its head.
    pub health: Health,
}
