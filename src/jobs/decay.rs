//! `decay`: charges inactive players, each overdue hour once (spec 03).

use crate::core::decay::Rules;
use crate::domain::exit::Exit;
use crate::domain::result::DecayResult;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::store::Store;
use crate::store::decay::{Cursor, DecayOrder, Decayed};

/// What a run of decay works by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Graces, rates and the cap.
    pub rules: Rules,
    /// How many players a transaction looks at.
    pub chunk: i64,
    /// The most players that a run charges; the longest overdue go first.
    pub batch: Option<i64>,
}

/// How many players a transaction looks at: long enough to be quick, short enough that the application does not notice.
pub const CHUNK: i64 = 10_000;

const GOODBYE: &str = "I waited for you for a long time. I think this is where our story ends. \
                       Thank you for everything we shared. Take good care of yourself.";
const WARNING: &str = "I haven't heard from you in a while, and I miss our talks. How have you been?";

/// Charges every player who owes something at the run's time.
pub async fn work(settings: &Settings, run: &Run) -> Result<Report, RunError> {
    let mut order = order(settings, run.now);
    let mut overdue = 0;
    if let Some(batch) = settings.batch {
        overdue = run.store.count_overdue(&order).await?;
        order.until = run.store.last_turn(&order, batch).await?;
    }
    if run.progress.is_watched() {
        run.progress.expect(u64::try_from(run.store.count_eligible().await?).unwrap_or_default());
    }
    let mut sum = Decayed::default();
    let mut from = Some(Cursor::default());
    while let Some(cursor) = from
        && !run.signals.is_stopping()
    {
        let (chunk, next) = run.store.charge_chunk(&order, cursor).await?;
        sum.add(&chunk);
        run.progress.advance(u64::try_from(chunk.processed).unwrap_or_default());
        from = next;
    }
    if sum.unreadable > 0 {
        tracing::warn!(
            players = sum.unreadable,
            "players passed over: their score is missing or below 0, or their chapter is not 1 to 5"
        );
    }
    let deferred = if order.until.is_some() { (overdue - sum.decayed).max(0) } else { 0 };
    Ok(Report { own: result(sum, deferred).into(), exit: Exit::Success, complaint: None, cost_usd: None, error: None })
}

/// What [`work`] would do now, without doing it.
pub async fn preview(settings: &Settings, store: &Store) -> Result<DecayResult, RunError> {
    let mut order = order(settings, store.now().await?);
    let mut deferred = 0;
    if let Some(batch) = settings.batch {
        deferred = (store.count_overdue(&order).await? - batch).max(0);
        order.until = store.last_turn(&order, batch).await?;
    }
    Ok(result(store.preview_decay(&order).await?, deferred))
}

fn order(settings: &Settings, now: chrono::DateTime<chrono::Utc>) -> DecayOrder {
    DecayOrder { now, rules: settings.rules, chunk: settings.chunk, until: None, goodbye: GOODBYE, warning: WARNING }
}

fn result(sum: Decayed, deferred: i64) -> DecayResult {
    let Decayed { processed, decayed, game_overs, warned, unreadable, points } = sum;
    DecayResult { processed, decayed, game_overs, warned, deferred, unreadable, points }
}
