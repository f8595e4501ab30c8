//! How far a run has come: for the heartbeat to write, and for a person to watch.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock;
use crate::core::stages::StageName;
use crate::domain::ids::ConversationId;

/// Called with (done, of how many) whenever either changes.
pub type Watch = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A run's progress, in the job's own units: players, conversations.
#[derive(Clone)]
pub struct Progress {
    inner: Arc<Inner>,
}

struct Inner {
    unit: &'static str,
    done: AtomicU64,
    total: AtomicU64,
    watch: Option<Watch>,
    /// The run's time, and the host's stopwatch when it was read.
    began: (DateTime<Utc>, Instant),
    in_flight: Mutex<BTreeMap<ConversationId, InFlight>>,
    /// How long one of them takes, as the latest show; none until that was asked.
    pace: Mutex<Option<Duration>>,
    moved: Notify,
}

/// A conversation under way.
#[derive(Clone, Debug, Default)]
struct InFlight {
    stage: Option<StageName>,
    /// What its stages came to; only where somebody waits for this one.
    results: Option<Value>,
}

impl Progress {
    /// Nothing done, of an unknown number. `now` is the run's time.
    #[must_use]
    pub fn new(unit: &'static str, watch: Option<Watch>, now: DateTime<Utc>) -> Self {
        let inner = Inner {
            unit,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            watch,
            began: (now, clock::start()),
            in_flight: Mutex::default(),
            pace: Mutex::default(),
            moved: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The time now, by the database's clock as it was read when the run began.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let (now, since) = self.inner.began;
        now + TimeDelta::from_std(since.elapsed()).unwrap_or_default()
    }

    /// Says which stage a conversation is in, and, where somebody waits for it, what those before came to.
    pub fn reach(&self, conversation: ConversationId, stage: Option<StageName>, results: Option<Value>) {
        self.in_flight().insert(conversation, InFlight { stage, results });
        self.inner.moved.notify_one();
    }

    /// Says that a conversation has ended.
    pub fn leave(&self, conversation: ConversationId) {
        self.in_flight().remove(&conversation);
        self.inner.moved.notify_one();
    }

    /// Waits until something has moved.
    pub async fn moved(&self) {
        self.inner.moved.notified().await;
    }

    /// Says how long one takes.
    pub fn pace(&self, each: Duration) {
        *self.inner.pace.lock().unwrap_or_else(PoisonError::into_inner) = Some(each);
    }

    fn in_flight(&self) -> MutexGuard<'_, BTreeMap<ConversationId, InFlight>> {
        self.inner.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When all of it is done at this pace.
    fn estimate(&self, left: u64) -> Option<DateTime<Utc>> {
        let each = (*self.inner.pace.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = each.checked_mul(u32::try_from(left).ok()?)?;
        self.now().checked_add_signed(TimeDelta::from_std(left).ok()?)
    }

    /// Whether somebody watches: then a total that costs a query of its own is worth it.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.inner.watch.is_some()
    }

    /// Says how many there are.
    pub fn expect(&self, total: u64) {
        self.inner.total.store(total, Ordering::Relaxed);
        self.tell();
    }

    /// Says that `more` are done.
    pub fn advance(&self, more: u64) {
        self.inner.done.fetch_add(more, Ordering::Relaxed);
        self.tell();
    }

    fn tell(&self) {
        if let Some(watch) = &self.inner.watch {
            watch(self.inner.done.load(Ordering::Relaxed), self.inner.total.load(Ordering::Relaxed));
        }
    }

    /// As it is written to the execution.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (done, total) = (self.inner.done.load(Ordering::Relaxed), self.inner.total.load(Ordering::Relaxed));
        let mut told = json!({"unit": self.inner.unit, "done": done, "total": total, "percent": percent(done, total)});
        let in_flight = self.in_flight().clone();
        if let Some((_, first)) = in_flight.first_key_value() {
            // The oldest id's: with one conversation, it is the stage.
            told["stage"] = json!(first.stage);
            told["conversations"] = in_flight
                .iter()
                .map(|(id, it)| match &it.results {
                    Some(results) => json!({"id": id, "stage": it.stage, "stage_results": results}),
                    None => json!({"id": id, "stage": it.stage}),
                })
                .collect();
        }
        if let Some(at) = self.estimate(total.saturating_sub(done)) {
            told["estimated_completion_at"] = json!(at);
        }
        told
    }
}

/// In whole percent, rounded down; none of an unknown number.
fn percent(done: u64, total: u64) -> Option<u64> {
    (done.saturating_mul(100)).checked_div(total).map(|percent| percent.min(100))
}
