//! The result of `check`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// Every promise of docs/reliability.md, looked up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckResult {
    /// Only rows that have changed since then; null: all.
    pub since: Option<DateTime<Utc>>,
    /// How many promises were looked up.
    pub checked: usize,
    /// How many are broken.
    pub broken: usize,
    /// Each.
    pub promises: Vec<PromiseAnswer>,
}

/// A promise that was looked up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PromiseAnswer {
    /// Its name.
    pub name: &'static str,
    /// The promise itself.
    pub promise: &'static str,
    /// What it leaves out.
    pub limits: Option<&'static str>,
    /// The rows that break it.
    pub rows: Vec<BrokenRow>,
    /// Whether more rows than these break it.
    pub more: bool,
}

/// A row that breaks a promise.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BrokenRow {
    /// The row, or the player or key where several rows break it together.
    pub id: String,
    /// What is wrong with it; no conversation text.
    pub found: String,
}
