//! How far a run has come: for the heartbeat to write, and for a person to watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

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
}

impl Progress {
    /// Nothing done, of an unknown number.
    #[must_use]
    pub fn new(unit: &'static str, watch: Option<Watch>) -> Self {
        Self { inner: Arc::new(Inner { unit, done: AtomicU64::new(0), total: AtomicU64::new(0), watch }) }
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
        json!({
            "unit": self.inner.unit,
            "done": self.inner.done.load(Ordering::Relaxed),
            "total": self.inner.total.load(Ordering::Relaxed),
        })
    }
}
