//! The context of a request to a provider: its stage, its deadline and its meter.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use crate::core::stages::StageName;
use crate::core::usage::{self, Count};

/// The context of a request.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The stage that asks.
    pub stage: StageName,
    /// The stage's or the pipeline's deadline, whichever is first. No wait and no retry goes past it.
    pub deadline: Instant,
    /// Counts every reply that costs money, even an unusable one.
    pub meter: &'a Meter,
}

/// The tokens of a reply, by the provider's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The stage that asked.
    pub stage: StageName,
    /// The provider's name of the model.
    pub model: String,
    /// The tokens; `None` if the reply does not contain them.
    pub count: Option<Count>,
}

impl Usage {
    /// Reads the usage of a reply.
    #[must_use]
    pub fn read(call: Call<'_>, model: &str, reply: &Value) -> Self {
        Self { stage: call.stage, model: model.to_owned(), count: usage::read(reply) }
    }
}

/// Collects the usage of a conversation's replies.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Vec<Usage>>);

impl Meter {
    /// Adds one reply.
    pub fn add(&self, usage: Usage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(usage);
    }

    /// The usage of all replies so far.
    #[must_use]
    pub fn usage(&self) -> Vec<Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
