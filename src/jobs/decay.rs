//! `decay`: charges inactive players, each overdue hour once (spec 03).
//!
//! A chunk that the database refuses is halved, and halved again, down to the one player whom it refuses (a trigger, a check, an index
//! of the application, a number that does not fit): that one bears it, the others are charged. So is one that ends in a time-out. Whoever
//! is alone with a row that another session holds is passed over as `locked`, and the next run charges them. (On SQLite a lock is on the
//! whole file, and a smaller chunk would wait for it as long.)

use chrono::{DateTime, TimeDelta, Utc};

use super::reasons;
use crate::core::decay::Rules;
use crate::domain::exit::Exit;
use crate::domain::result::{DecayResult, ErrorBody, ErrorKind, NotCharged};
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::run::totals::if_known;
use crate::store::blame::{Blame, Verdict};
use crate::store::decay::{Cursor, DecayOrder, Decayed};
use crate::store::{Another, Store, StoreError};

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Grace periods, rates and the cap.
    pub rules: Rules,
    /// How many players a transaction reads.
    pub chunk: i64,
    /// The most players that a run charges, the longest overdue first.
    pub batch: Option<i64>,
}

/// How many players a transaction reads: enough to be fast, few enough that the application does not notice the locks.
pub const CHUNK: i64 = 10_000;

/// A chunk is not made smaller than this for being slow.
const LEAST_CHUNK: i64 = 100;

/// Where so many players are refused, all in one way, and nobody is charged, the rest is refused, too.
const ALL_REFUSED: usize = 100;

/// How far in the future another program's completion can be dated, because the clocks of two hosts differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::hours(1);

const HOW_MANY: &str = "how many players are overdue";

const GOODBYE: &str = "I waited for you for a long time. I think this is where our story ends. \
                       Thank you for everything we shared. Take good care of yourself.";
const WARNING: &str = "I haven't heard from you in a while, and I miss our talks. How have you been?";
const WARNED_OF: &str = "The player has been away for so long that the relationship has fallen low";

/// A player whom the database refuses to charge.
#[derive(Debug)]
struct Refused {
    player: String,
    code: Option<String>,
    why: String,
}

/// The state of a run.
#[derive(Debug, Default)]
struct Charging {
    sum: Decayed,
    refused: Vec<Refused>,
    blame: Blame<String>,
    /// How many players the next whole chunk has.
    chunk: i64,
    /// The sizes of the parts that are left of a chunk that was refused, the next one last.
    parts: Vec<i64>,
}

/// Charges every player who is overdue at the run's time.
pub async fn work(settings: &Settings, run: &Run) -> Result<Report, RunError> {
    let mut order = order(settings.rules, &run.store, run.now).await?;
    let mut overdue = Some(0);
    if let Some(batch) = settings.batch {
        overdue = if_known(run.store.count_overdue(&order).await, HOW_MANY)?;
        order.until = run.store.last_turn(&order, batch).await?;
    }
    if run.progress.is_watched()
        && let Some(eligible) = if_known(run.store.count_eligible().await, "how many players are eligible")?
    {
        run.progress.expect(u64::try_from(eligible).unwrap_or_default());
    }
    let mut charging = Charging { chunk: settings.chunk, ..Charging::default() };
    let mut error = charging.charge_all(&order, run).await.err();
    if error.is_none() {
        error = charging.blame.end().map(|(_, error)| error);
    }
    let Charging { sum, refused, .. } = charging;
    warn_of_unreadable(&sum);
    if sum.locked > 0 {
        tracing::info!(
            players = sum.locked,
            "players passed over: another session was writing them; the next run charges them"
        );
    }
    let deferred = if order.until.is_some() { overdue.map(|many| (many - sum.decayed).max(0)) } else { Some(0) };
    let exit = if refused.is_empty() { Exit::Success } else { Exit::Partial };
    let complaint =
        refused.first().map(|it| ErrorBody::new(ErrorKind::NotCharged, format!("player {}: {}", it.player, it.why)));
    let own = result(&sum, deferred, &refused).into();
    Ok(Report { own, exit, complaint, cost_usd: None, error: error.map(RunError::from) })
}

impl Charging {
    /// Chunk after chunk, from the first player on.
    async fn charge_all(&mut self, order: &DecayOrder, run: &Run) -> Result<(), StoreError> {
        let mut from = Some(Cursor::default());
        while let Some(cursor) = from
            && !run.signals.is_stopping()
        {
            let size = self.parts.pop().unwrap_or(self.chunk);
            from = match run.store.charge_chunk(order, &cursor, size).await {
                Ok((done, next)) => {
                    self.sum.add(&done);
                    run.progress.advance(u64::try_from(done.processed).unwrap_or_default());
                    if done.decayed > 0 {
                        let waited = self.blame.worked();
                        self.bear(waited)?;
                    }
                    next
                }
                Err(error) if !may_be_one_players(&error) => return Err(error),
                Err(error) if size > 1 => {
                    if error.is_statement_timeout() && size == self.chunk {
                        // Those behind would take as long.
                        self.chunk = (size / 2).max(LEAST_CHUNK.min(size));
                    }
                    self.parts.extend([size - size / 2, size / 2]);
                    Some(cursor)
                }
                Err(error) => {
                    let Some((player, next)) = run.store.next_player(&cursor).await? else { return Ok(()) };
                    self.sum.processed += 1;
                    run.progress.advance(1);
                    let error = if error.is_lock_timeout() { error.unclear() } else { error };
                    match self.blame.failed(player, error) {
                        Verdict::Item(player, error) => self.bear(Some((player, error)))?,
                        Verdict::Waits => {}
                        Verdict::Server(_, error) => return Err(error),
                    }
                    next
                }
            };
        }
        Ok(())
    }

    /// Reports a failure as the player's, or as the run's if it affects every player.
    fn bear(&mut self, refused: Option<(String, StoreError)>) -> Result<(), StoreError> {
        let Some((player, error)) = refused else { return Ok(()) };
        if error.is_lock_timeout() {
            tracing::warn!(user_id = player, error = %error, "player passed over; the next run charges them");
            self.sum.locked += 1;
            return Ok(());
        }
        tracing::error!(user_id = player, error = %error, "player not charged");
        let code = error.code().map(str::to_owned);
        self.refused.push(Refused { player, code, why: error.to_string() });
        let alike = self.refused.iter().all(|it| it.code == self.refused[0].code);
        if self.refused.len() >= ALL_REFUSED && alike && self.sum.decayed == 0 {
            return Err(error.because(|why| format!("the first {ALL_REFUSED} players were all refused: {why}")));
        }
        Ok(())
    }
}

/// Whether a smaller part of the chunk may fare better.
fn may_be_one_players(error: &StoreError) -> bool {
    error.is_the_items(Another::Works) || error.is_lock_timeout()
}

/// What [`work`] would do now, without doing it.
pub async fn preview(settings: &Settings, store: &Store) -> Result<DecayResult, RunError> {
    let mut order = order(settings.rules, store, store.now().await?).await?;
    let mut deferred = Some(0);
    if let Some(batch) = settings.batch {
        deferred = if_known(store.count_overdue(&order).await, HOW_MANY)?.map(|many| (many - batch).max(0));
        order.until = store.last_turn(&order, batch).await?;
    }
    let sum = store.preview_decay(&order).await?;
    warn_of_unreadable(&sum);
    let passed_over = store.decay_passed_over(&order, reasons::MOST_LISTED).await?;
    Ok(DecayResult { reasons: Some(reasons::by_rule(passed_over)), ..result(&sum, deferred, &[]) })
}

/// The order for this run. If the application still runs its own decay, which leaves no watermark, its charges are not repeated.
pub(super) async fn order(rules: Rules, store: &Store, now: DateTime<Utc>) -> Result<DecayOrder, RunError> {
    let (since, until) = (now - rules.looks_back(), now + CLOCKS_DIFFER);
    let foreign = store.latest_foreign_completion("decay", since, until).await?.map(|at| at.min(now));
    if let Some(at) = foreign {
        let ago = (now - at).max(TimeDelta::zero());
        tracing::warn!(
            completed_at = %at,
            minutes_ago = ago.num_minutes(),
            "another program charges decay as well; its charges are not repeated"
        );
    }
    Ok(DecayOrder {
        now,
        rules,
        not_before: foreign,
        until: None,
        goodbye: GOODBYE,
        warning: WARNING,
        warned_of: WARNED_OF,
    })
}

/// A dry run warns of what the run would warn of.
fn warn_of_unreadable(sum: &Decayed) {
    if sum.unreadable > 0 {
        tracing::warn!(
            players = sum.unreadable,
            "players passed over: their score, chapter, last_interaction_at or decayed_through can't be read"
        );
    }
}

fn result(sum: &Decayed, deferred: Option<i64>, refused: &[Refused]) -> DecayResult {
    let Decayed { processed, decayed, game_overs, warned, unreadable, locked, points } = *sum;
    let errors = refused.iter().map(|it| NotCharged { user_id: it.player.clone(), error: it.why.clone() }).collect();
    DecayResult { processed, decayed, game_overs, warned, deferred, unreadable, locked, errors, points, reasons: None }
}
