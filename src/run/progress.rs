//! A run's progress: the heartbeat writes it, and a terminal shows it.

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

/// Called with (done, total) whenever either changes.
pub type Watch = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A run's progress in the job's unit: players or conversations.
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
    /// How long one unit takes, by the latest ones; `None` until it is measured.
    pace: Mutex<Option<Duration>>,
    moved: Notify,
}

/// A conversation under way.
#[derive(Clone, Debug, Default)]
struct InFlight {
    stage: Option<StageName>,
    /// The results of its stages; only if a caller waits for this conversation.
    results: Option<Value>,
}

impl Progress {
    /// Nothing done, total unknown. `now` is the run's time.
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

    /// The current time: the database's clock at the run's begin, plus the time since.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let (now, since) = self.inner.began;
        now + TimeDelta::from_std(since.elapsed()).unwrap_or_default()
    }

    /// Records a conversation's current stage and, if a caller waits for it, the results of the stages before.
    pub fn reach(&self, conversation: ConversationId, stage: Option<StageName>, results: Option<Value>) {
        self.in_flight().insert(conversation, InFlight { stage, results });
        self.inner.moved.notify_one();
    }

    /// Records that a conversation has ended.
    pub fn leave(&self, conversation: ConversationId) {
        self.in_flight().remove(&conversation);
        self.inner.moved.notify_one();
    }

    /// Waits until a conversation has changed its stage or ended.
    pub async fn moved(&self) {
        self.inner.moved.notified().await;
    }

    /// Records how long one unit takes.
    pub fn pace(&self, each: Duration) {
        *self.inner.pace.lock().unwrap_or_else(PoisonError::into_inner) = Some(each);
    }

    fn in_flight(&self) -> MutexGuard<'_, BTreeMap<ConversationId, InFlight>> {
        self.inner.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When everything is done at this pace.
    fn estimate(&self, left: u64) -> Option<DateTime<Utc>> {
        let each = (*self.inner.pace.lock().unwrap_or_else(PoisonError::into_inner))?;
        let left = each.checked_mul(u32::try_from(left).ok()?)?;
        self.now().checked_add_signed(TimeDelta::from_std(left).ok()?)
    }

    /// Whether the progress is displayed. Only then is a total worth a query of its own.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.inner.watch.is_some()
    }

    /// Sets the total.
    pub fn expect(&self, total: u64) {
        self.inner.total.store(total, Ordering::Relaxed);
        self.notify();
    }

    /// Records that `more` units are done.
    pub fn advance(&self, more: u64) {
        self.inner.done.fetch_add(more, Ordering::Relaxed);
        self.notify();
    }

    fn notify(&self) {
        if let Some(watch) = &self.inner.watch {
            watch(self.inner.done.load(Ordering::Relaxed), self.inner.total.load(Ordering::Relaxed));
        }
    }

    /// The value of `job_executions.progress`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (done, total) = (self.inner.done.load(Ordering::Relaxed), self.inner.total.load(Ordering::Relaxed));
        let mut value = json!({"unit": self.inner.unit, "done": done, "total": total, "percent": percent(done, total)});
        let in_flight = self.in_flight().clone();
        if let Some((_, first)) = in_flight.first_key_value() {
            // The stage of the lowest id: the right one if only one conversation is in flight.
            value["stage"] = json!(first.stage);
            value["conversations"] = in_flight
                .iter()
                .map(|(id, it)| match &it.results {
                    Some(results) => json!({"id": id, "stage": it.stage, "stage_results": results}),
                    None => json!({"id": id, "stage": it.stage}),
                })
                .collect();
        }
        if let Some(at) = self.estimate(total.saturating_sub(done)) {
            value["estimated_completion_at"] = json!(at);
        }
        value
    }
}

/// In whole percent, rounded down; `None` if the total is unknown.
fn percent(done: u64, total: u64) -> Option<u64> {
    (done.saturating_mul(100)).checked_div(total).map(|percent| percent.min(100))
}
