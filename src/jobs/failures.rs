//! `failures`: which conversations failed or are waiting for a retry, and why (spec 06).

use super::look::Look;
use crate::domain::result::{FailureEntry, FailureGroupEntry, FailuresResult};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::failures::Chosen;

/// The most groups of errors.
const MOST_GROUPS: i64 = 50;

/// Runs the command. Lists at most `rows` conversations.
pub async fn query(chosen: &Chosen, rows: i64, store: &Store) -> Result<Look, RunError> {
    let groups = store.failure_groups(chosen, MOST_GROUPS).await?;
    let mut latest = store.failures(chosen, rows + 1).await?;
    let most = usize::try_from(rows).unwrap_or(usize::MAX);
    let more = latest.len() > most;
    latest.truncate(most);
    Ok(Look::ok(FailuresResult {
        since: chosen.since,
        total: groups.iter().map(|it| it.many).sum(),
        groups: groups
            .into_iter()
            .map(|it| FailureGroupEntry {
                error: it.error,
                count: it.many,
                failed: it.failed,
                waiting: it.many - it.failed,
                latest: it.latest,
                example: it.example,
            })
            .collect(),
        conversations: latest
            .into_iter()
            .map(|it| FailureEntry {
                conversation_id: it.id,
                user_id: it.player,
                status: it.status,
                attempts: it.attempts,
                next_attempt_at: it.next_attempt_at,
                error: it.error,
                updated_at: it.updated_at,
            })
            .collect(),
        more,
    }))
}
