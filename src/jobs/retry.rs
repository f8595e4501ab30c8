//! `retry`: gives conversations that failed or are waiting for a retry all their attempts back (spec 06). It needs no lease: each row is one
//! guarded statement, and conversations that a run holds stay as they are.

use super::look::Look;
use crate::domain::exit::Exit;
use crate::domain::ids::ConversationId;
use crate::domain::result::{RetryError, RetryResult, Status, Untouched};
use crate::run::error::RunError;
use crate::store::blame::{Blame, Verdict};
use crate::store::failures::Chosen;
use crate::store::{Store, StoreError};

/// Which conversations to retry.
#[derive(Clone, Debug)]
pub enum Which {
    /// By id.
    These(Vec<ConversationId>),
    /// All that failed.
    Failed(Chosen),
}

/// How many ids to read at once.
const PAGE: i64 = 1_000;
/// How many ids a result lists.
const MOST_LISTED: usize = 500;

/// Runs the command; with `dry` it only lists the conversations.
pub async fn work(which: &Which, dry: bool, store: &Store) -> Result<Look, RunError> {
    let mut result = RetryResult::default();
    let mut blame = Blame::default();
    match which {
        Which::These(ids) => {
            for id in ids {
                let id = id.to_string();
                match store.retryable(&id).await? {
                    None => result.unknown.push(id),
                    Some((status, true)) => retry(&mut result, &mut blame, store, id, status, dry).await?,
                    Some((status, false)) => result.leave(id, status),
                }
            }
        }
        Which::Failed(chosen) => {
            let mut after = String::new();
            loop {
                let page = store.failed_ids(chosen, &after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(last);
                for id in page {
                    retry(&mut result, &mut blame, store, id, "failed".to_owned(), dry).await?;
                }
            }
        }
    }
    if let Some((_, error)) = blame.end() {
        return Err(error.into());
    }
    let (status, exit) = match (result.unknown.is_empty(), result.errors.is_empty()) {
        (false, _) => (Status::Error, Exit::Failure),
        (true, false) => (Status::Partial, Exit::Partial),
        (true, true) => (Status::Ok, Exit::Success),
    };
    Ok(Look { own: result.into(), status, exit })
}

async fn retry(
    result: &mut RetryResult,
    blame: &mut Blame<String>,
    store: &Store,
    id: String,
    status: String,
    dry: bool,
) -> Result<(), RunError> {
    let done = if dry { Ok(true) } else { store.retry_conversation(&id).await };
    if done.is_ok()
        && let Some((waited, error)) = blame.worked()
    {
        result.refuse(waited, &error);
    }
    match done {
        Ok(true) => {
            result.retried += 1;
            if result.conversations.len() < MOST_LISTED {
                result.conversations.push(id);
            }
        }
        // A run has claimed it since it was read.
        Ok(false) => result.leave(id, status),
        Err(error) => match blame.failed(id, error) {
            Verdict::Item(id, error) => result.refuse(id, &error),
            Verdict::Waits => {}
            Verdict::Server(_, error) => return Err(error.into()),
        },
    }
    Ok(())
}

impl RetryResult {
    fn refuse(&mut self, conversation_id: String, error: &StoreError) {
        tracing::error!(conversation = conversation_id, error = %error, "conversation not retried");
        self.errors.push(RetryError { conversation_id, error: error.to_string() });
    }

    fn leave(&mut self, conversation_id: String, status: String) {
        let reason = match status.as_str() {
            "processed" => "it has been processed; process-conversations --id with --reprocess processes it again",
            "processing" => "a run holds it; recover makes it active again if that run is dead",
            "active" => "it already has all its attempts",
            _ => "it has just changed",
        };
        self.untouched.push(Untouched { conversation_id, status, reason: reason.to_owned() });
    }
}
