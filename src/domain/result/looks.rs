//! The results of `migrate`, `prompt render` and `report`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::ids::UserId;
use crate::domain::prompt::Platform;
use crate::domain::words::Health;

/// The changes that `migrate` made, or with `--plan` would make.
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
    /// The newest migration that a binary must know to work on the schema after this one.
    pub needs: i64,
    /// Its SQL, with `--plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// A player's prompt, rendered from the database.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PromptResult {
    /// The player.
    pub user_id: UserId,
    /// Text or voice.
    pub platform: Platform,
    /// The template.
    pub template: String,
    /// Its length in tokens.
    pub token_count: usize,
    /// The most tokens it can have.
    pub token_budget: usize,
    /// Sections that did not fit.
    pub sections_left_out: Vec<String>,
    /// Whether it was cut at a sentence.
    pub cut: bool,
    /// The prompt.
    pub prompt: String,
}

/// The HTML report that was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReportResult {
    /// Its path.
    pub file: String,
    /// Its size.
    pub bytes: usize,
    /// The start of its period.
    pub since: DateTime<Utc>,
    /// The verdict at its head.
    pub health: Health,
}
