//! The result of `decay`.

use schemars::JsonSchema;
use serde::Serialize;

use super::failures::Reason;
use crate::domain::points::Points;

/// What a run of `decay` did.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct DecayResult {
    /// Eligible players looked at.
    pub processed: i64,
    /// Players who lost points.
    pub decayed: i64,
    /// Players whose game ended.
    pub game_overs: i64,
    /// Players who were warned.
    pub warned: i64,
    /// Overdue players left for the next run by `--batch`; null where they could not be counted in time.
    pub deferred: Option<i64>,
    /// Players whose score, chapter or times can't be read; they are passed over.
    pub unreadable: i64,
    /// Overdue players whose row another session was writing, or held; they are passed over, and the next run charges them.
    pub locked: i64,
    /// Players whom the database refuses to charge (a trigger, a check, a number too large); then it exits 3.
    pub errors: Vec<NotCharged>,
    /// Points charged in all.
    #[schemars(with = "String")]
    pub points: Points,
    /// In a dry run: the players whom it would not charge, by rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<Reason>>,
}

/// A player whom the database refuses to charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotCharged {
    /// Who, as the database has the id.
    pub user_id: String,
    /// Why not.
    pub error: String,
}
