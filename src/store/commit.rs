//! Committing a conversation: the fence, and every effect with it, in one transaction (spec 02).
//!
//! ```text
//!   effects ──▶ rows, table by table ──▶ JSON ──▶ PostgreSQL: one statement, in which every part depends on the fence's row
//!                                           └───▶ SQLite: the fence, then one statement per table
//! ```
//!
//! A separate statement takes back the effects of an earlier processing, because the rest must see that they are gone.

use sqlx::types::Json;

use super::codec::{DbId, DbIds, DbTime, DbVector};
use super::retry::retrying;
use super::session::{Tx, execute, fetch_one, fetch_optional};
use super::sql::{postgres, sqlite};
use super::{Result, Store};
use crate::domain::conversation::Claim;

mod rows;

pub use rows::Commit;
use rows::CommitRows;

/// The program that made a prompt: `ready_prompts.pipeline_version`.
const PIPELINE_VERSION: &str = concat!("nikita-jobs ", env!("CARGO_PKG_VERSION"));
/// `memory_facts.source` of an extracted fact (spec 04).
const SOURCE: &str = "pipeline_extraction";

impl Store {
    /// Closes the conversation as processed and applies every effect, atomically. `false` if the claim is no longer ours.
    pub async fn commit(&self, commit: &Commit<'_>) -> Result<bool> {
        let rows = CommitRows::of(commit);
        // Another program can conflict with it, for example on the current prompt. The transaction is then rolled back and retried from
        // the fence on.
        retrying(|| self.try_commit(commit, &rows)).await
    }

    async fn try_commit(&self, commit: &Commit<'_>, rows: &CommitRows<'_>) -> Result<bool> {
        // A transaction even for one statement: if the run is dropped while the statement waits for a lock, nothing is committed.
        let mut tx = self.begin_write().await?;
        let ours = match tx {
            Tx::Pg(_) => self.commit_on_postgres(&mut tx, commit, rows).await?,
            Tx::Sqlite(_) => self.commit_on_sqlite(&mut tx, commit, rows).await?,
        };
        if ours {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(ours)
    }

    async fn commit_on_postgres(&self, tx: &mut Tx, commit: &Commit<'_>, rows: &CommitRows<'_>) -> Result<bool> {
        let Claim { conversation, token, user, .. } = *commit.claim;
        if rows.take_back {
            let own = |kind| DbIds(conversation.all_of(kind));
            execute!(
                &mut *tx,
                postgres::TAKE_BACK,
                DbId::from(conversation),
                DbId::from(token),
                DbId::from(user),
                own("memory_facts"),
                own("conversation_threads"),
                own("nikita_thoughts")
            );
        }
        let (closed,): (i64,) = fetch_one!(
            tx,
            _,
            postgres::COMMIT,
            self.now_parameter(),
            DbId::from(conversation),
            DbId::from(token),
            DbId::from(user),
            DbTime(commit.now),
            Json(rows),
            DbVector(rows.vectors.clone()),
            SOURCE,
            PIPELINE_VERSION
        );
        Ok(closed == 1)
    }

    async fn commit_on_sqlite(&self, tx: &mut Tx, commit: &Commit<'_>, rows: &CommitRows<'_>) -> Result<bool> {
        let (user, now) = (DbId::from(commit.claim.user), DbTime(commit.now));
        let conversation = DbId::from(commit.claim.conversation);
        let closed: Option<(i64,)> = fetch_optional!(
            &mut *tx,
            _,
            sqlite::COMMIT_CONVERSATION,
            self.now_parameter(),
            conversation,
            DbId::from(commit.claim.token),
            rows.entities.map(Json),
            rows.tone,
            rows.summary
        );
        if closed.is_none() {
            return Ok(false);
        }
        execute!(&mut *tx, "delete from stage_memos where conversation_id = $1", conversation);
        if rows.take_back {
            take_back_on_sqlite(tx, commit.claim).await?;
        }
        if !rows.facts.is_empty() {
            let (facts, vectors) = (Json(&rows.facts), DbVector(rows.vectors.clone()));
            execute!(&mut *tx, sqlite::COMMIT_FACTS, facts, vectors, user, conversation, now, SOURCE);
        }
        if !rows.superseded.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_SUPERSEDED, Json(&rows.superseded), user);
        }
        if !rows.threads.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_THREADS, Json(&rows.threads), user, conversation, now);
        }
        if !rows.thoughts.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_THOUGHTS, Json(&rows.thoughts), user, conversation, now);
        }
        if !rows.life_events.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_LIFE_EVENTS, Json(&rows.life_events), user, now);
        }
        let mut base: Option<String> = None;
        if !rows.player.is_empty() {
            let found: Option<(Option<String>,)> =
                fetch_optional!(&mut *tx, _, sqlite::CONFLICT_BASE, Json(&rows.player), user);
            base = found.and_then(|(base,)| base);
            execute!(&mut *tx, sqlite::COMMIT_GAME_OVER, Json(&rows.player), user, now, base.as_deref());
            execute!(&mut *tx, sqlite::COMMIT_PLAYER, Json(&rows.player), user, now, base.as_deref());
        }
        if !rows.mood.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_MOOD, Json(&rows.mood), user, now, base.as_deref());
        }
        if !rows.touchpoints.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_TOUCHPOINTS, Json(&rows.touchpoints), user, now);
        }
        if !rows.day.is_empty() {
            let known = execute!(&mut *tx, sqlite::COMMIT_DAY, Json(&rows.day), user);
            if known == 0 {
                execute!(&mut *tx, sqlite::COMMIT_FIRST_OF_DAY, Json(&rows.day), user);
            }
        }
        if !rows.prompts.is_empty() {
            execute!(&mut *tx, sqlite::COMMIT_OLD_PROMPTS, Json(&rows.prompts), user);
            let prompts = Json(&rows.prompts);
            execute!(&mut *tx, sqlite::COMMIT_PROMPTS, prompts, user, conversation, now, PIPELINE_VERSION);
        }
        Ok(true)
    }
}

async fn take_back_on_sqlite(tx: &mut Tx, claim: &Claim) -> Result<()> {
    let own = |kind| DbIds(claim.conversation.all_of(kind));
    let user = DbId::from(claim.user);
    execute!(&mut *tx, sqlite::TAKE_BACK_SUPERSEDED, user, own("memory_facts"));
    execute!(&mut *tx, sqlite::TAKE_BACK_FACTS, user, own("memory_facts"));
    execute!(&mut *tx, sqlite::TAKE_BACK_THREADS, user, own("conversation_threads"));
    execute!(&mut *tx, sqlite::TAKE_BACK_THOUGHTS, user, own("nikita_thoughts"));
    execute!(tx, sqlite::TAKE_BACK_PROMPTS, user, DbId::from(claim.conversation));
    Ok(())
}
