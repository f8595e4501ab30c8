//! Conversations that failed or are waiting for a retry, and retrying them (spec 06, "Someone can act").

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::read::{Read, row};
use super::retry::retrying;
use super::session::{execute, fetch_all, fetch_optional};
use super::{Result, Store, sql};

/// A filter for failures.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Only conversations that failed, or were last tried, after this time.
    pub since: Option<DateTime<Utc>>,
    /// Only errors that contain this text.
    pub error: Option<String>,
    /// Only failures of this stage.
    pub stage: Option<String>,
}

/// A conversation that failed or is waiting for a retry.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its id, as stored.
    pub id: String,
    /// Its player.
    pub player: Option<String>,
    /// `failed` or `active`.
    pub status: String,
    /// Used attempts.
    pub attempts: i64,
    /// When it is retried.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The latest error.
    pub error: Option<String>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Failures with the same error.
#[derive(Clone, Debug)]
pub struct FailureGroup {
    /// The error.
    pub error: String,
    /// How many conversations.
    pub many: i64,
    /// How many of them failed; the others are waiting for a retry.
    pub failed: i64,
    /// The latest change.
    pub latest: Option<DateTime<Utc>>,
    /// The id of one of them.
    pub example: String,
}

row! {
    struct FailureRow {
        id: Read<String>,
        player: Read<String>,
        status: Read<String>,
        attempts: Read<i64>,
        next_attempt_at: Read<DbTime>,
        last_error: Read<String>,
        updated_at: Read<DbTime>,
    }
}

row! {
    struct GroupRow {
        error: Read<String>,
        many: i64,
        failed: i64,
        latest: Read<DbTime>,
        example: Read<String>,
    }
}

fn time(read: Read<DbTime>) -> Option<DateTime<Utc>> {
    read.ok().map(|at| at.0)
}

impl Store {
    /// The latest failures, at most `most`.
    pub async fn failures(&self, chosen: &Chosen, most: i64) -> Result<Vec<Failure>> {
        let mut tx = self.begin_read().await?;
        let (since, error, stage) = (chosen.since.map(DbTime), &chosen.error, &chosen.stage);
        let rows: Vec<FailureRow> = fetch_all!(&mut tx, _, sql::FAILURES, since, error, stage, most);
        tx.rollback().await?;
        let read = |row: FailureRow| Failure {
            id: row.id.ok().unwrap_or_default(),
            player: row.player.ok(),
            status: row.status.ok().unwrap_or_default(),
            attempts: row.attempts.ok().unwrap_or_default(),
            next_attempt_at: time(row.next_attempt_at),
            error: row.last_error.ok(),
            updated_at: time(row.updated_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The failures by their errors, the most frequent first, at most `most` errors.
    pub async fn failure_groups(&self, chosen: &Chosen, most: i64) -> Result<Vec<FailureGroup>> {
        let mut tx = self.begin_read().await?;
        let (since, error, stage) = (chosen.since.map(DbTime), &chosen.error, &chosen.stage);
        let rows: Vec<GroupRow> = fetch_all!(&mut tx, _, sql::FAILURE_GROUPS, since, error, stage, most);
        tx.rollback().await?;
        let read = |row: GroupRow| FailureGroup {
            error: row.error.ok().unwrap_or_default(),
            many: row.many,
            failed: row.failed,
            latest: time(row.latest),
            example: row.example.ok().unwrap_or_default(),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The ids of failed conversations behind `after`, in order, at most `most`.
    pub async fn failed_ids(&self, chosen: &Chosen, after: &str, most: i64) -> Result<Vec<String>> {
        let mut tx = self.begin_read().await?;
        let (since, error, stage) = (chosen.since.map(DbTime), &chosen.error, &chosen.stage);
        let rows: Vec<(String,)> = fetch_all!(&mut tx, _, sql::FAILED_IDS, since, error, stage, after, most);
        tx.rollback().await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// A conversation's status, and whether [`Store::retry_conversation`] would change it; none if it does not exist.
    pub async fn retryable(&self, conversation: &str) -> Result<Option<(String, bool)>> {
        let mut tx = self.begin_read().await?;
        let row: Option<(String, bool)> = fetch_optional!(&mut tx, _, sql::RETRYABLE, conversation);
        tx.rollback().await?;
        Ok(row)
    }

    /// Gives a conversation its attempts back, in one statement that repeats the condition. Returns whether it did.
    pub async fn retry_conversation(&self, conversation: &str) -> Result<bool> {
        retrying(|| async {
            let mut tx = self.begin_write().await?;
            let rows = execute!(&mut tx, sql::RETRY_CONVERSATION, conversation, self.now_parameter());
            tx.commit().await?;
            Ok(rows == 1)
        })
        .await
    }
}
