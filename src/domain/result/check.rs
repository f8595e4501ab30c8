//! The result of `check`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// The result of checking every promise of docs/reliability.md.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CheckResult {
    /// Only rows changed since then were checked; null: all.
    pub since: Option<DateTime<Utc>>,
    /// How many promises were checked.
    pub checked: usize,
    /// How many are broken.
    pub broken: usize,
    /// The promises.
    pub promises: Vec<PromiseAnswer>,
}

/// A promise that was checked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PromiseAnswer {
    /// Its name.
    pub name: &'static str,
    /// The promise itself.
    pub promise: &'static str,
    /// Its exceptions.
    pub limits: Option<&'static str>,
    /// The rows that break it.
    pub rows: Vec<BrokenRow>,
    /// Whether more rows than these break it.
    pub more: bool,
}

/// A row that breaks a promise.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BrokenRow {
    /// The row's id, or the player or key if several rows together break it.
    pub id: String,
    /// What is wrong with it, without conversation text.
    pub found: String,
}
