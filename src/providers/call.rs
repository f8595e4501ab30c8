//! What goes along with a question to a provider: for whom it is, how long it may take, and where its price is written down.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use crate::core::stages::StageName;
use crate::core::usage::{self, Count};

/// A question's circumstances.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The stage that asks.
    pub stage: StageName,
    /// When the stage's or the pipeline's time is over, whichever is first; no wait and no retry outlives it.
    pub deadline: Instant,
    /// Told of every reply that has to be paid for, also of one that turns out to be of no use.
    pub meter: &'a Meter,
}

/// What a reply used, in the provider's own count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The stage that asked.
    pub stage: StageName,
    /// The model, by the provider's name for it.
    pub model: String,
    /// The tokens; none where the reply does not say.
    pub count: Option<Count>,
}

impl Usage {
    /// What a reply says it has used.
    #[must_use]
    pub fn read(call: Call<'_>, model: &str, reply: &Value) -> Self {
        Self { stage: call.stage, model: model.to_owned(), count: usage::read(reply) }
    }
}

/// Collects what a conversation's replies have used.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Vec<Usage>>);

impl Meter {
    /// Writes down one reply.
    pub fn add(&self, usage: Usage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(usage);
    }

    /// All that was written down so far.
    #[must_use]
    pub fn usage(&self) -> Vec<Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
