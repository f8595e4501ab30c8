//! A provider that is somewhere else: who it is, and the gate that every request to it goes through.
//!
//! The gate holds the provider's circuit breaker ([`crate::core::breaker`]). The run layer sets it from the database when a
//! run begins, and writes back what became of it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::breaker::{Breaker, Standing, Ticket};
use crate::core::manner::Manner;

/// What a provider is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Text and structured answers.
    LanguageModel,
    /// Vectors.
    Embeddings,
}

impl Port {
    /// The word in results and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LanguageModel => "language_model",
            Self::Embeddings => "embeddings",
        }
    }
}

/// A provider that is reached over the network.
#[derive(Debug)]
pub struct Remote {
    /// What it is asked for.
    pub port: Port,
    /// Whose protocol it speaks: `anthropic` or `openai`.
    pub vendor: &'static str,
    /// The host of its base URL, with its port where one is named; never a user or a password.
    pub host: String,
    /// The path of its base URL.
    pub path: String,
    /// The model, by the provider's name for it.
    pub model: String,
    gate: Mutex<Breaker>,
    manner: Mutex<Manner>,
    since: Instant,
}

impl Remote {
    /// A provider that nothing is known about yet.
    #[must_use]
    pub fn new(port: Port, vendor: &'static str, host: String, path: String, model: String) -> Self {
        Self {
            port,
            vendor,
            host,
            path,
            model,
            gate: Mutex::default(),
            manner: Mutex::default(),
            since: clock::start(),
        }
    }

    /// By which its breaker is kept: another server, vendor or port starts afresh, another model does not.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {} {}", self.port.as_str(), self.vendor, self.host)
    }

    /// By which what was learnt of it is kept: another path starts afresh, too.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}{}", self.key(), self.path)
    }

    /// How it is asked now.
    #[must_use]
    pub fn manner(&self) -> Manner {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks it so from now on.
    pub fn adopt(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Asks for leave to make one request, which is to be over by `deadline`.
    ///
    /// # Errors
    /// [`NoAnswer::CircuitOpen`] while the breaker is open: nothing may be sent.
    pub fn admit(&self, deadline: Instant) -> Result<Attempt<'_>, NoAnswer> {
        let ticket = self.breaker().admit(self.now()).ok_or_else(|| NoAnswer::CircuitOpen(self.to_string()))?;
        Ok(Attempt { remote: self, ticket: Some(ticket), deadline })
    }

    /// Whether a request would be turned away now: there is no point in waiting for another try.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker().is_open(self.now())
    }

    /// Whether one more unavailable answer would open the breaker.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.breaker().is_on_trial()
    }

    /// Sets the breaker as an earlier run left it; `may_probe` where this run has taken the right to probe.
    pub fn restore(&self, standing: Standing, may_probe: bool) {
        *self.breaker() = Breaker::restored(standing, may_probe, self.now());
    }

    /// What the next run is to know.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.breaker().standing()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.since.elapsed()
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.vendor, self.host)
    }
}

/// A request under way. One that is dropped unsettled past its deadline counts as a time-out; before it, as given up.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a> {
    remote: &'a Remote,
    ticket: Option<Ticket>,
    deadline: Instant,
}

impl Attempt<'_> {
    /// The provider has answered, whatever it said.
    pub fn answered(mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.remote.breaker().answered(ticket);
        }
    }

    /// The provider could not be reached, was overloaded or broken, or answered too late.
    pub fn unavailable(mut self) {
        self.fail();
    }

    /// The provider asks to come back later, and there is time to: no failure yet, unless it was the probe.
    pub fn throttled(mut self) {
        if self.remote.standing().open {
            self.fail();
        } else {
            self.ticket = None;
        }
    }

    fn fail(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.remote.breaker().unavailable(ticket, self.remote.now());
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if clock::start() >= self.deadline {
            self.fail();
        } else if let Some(ticket) = self.ticket.take() {
            self.remote.breaker().abandoned(ticket, self.remote.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::breaker::MOST_FAILURES;

    fn remote() -> Remote {
        Remote::new(Port::LanguageModel, "anthropic", "models.example".into(), "/v1".into(), "m".into())
    }

    fn soon() -> Instant {
        clock::start() + Duration::from_mins(1)
    }

    #[test]
    fn time_outs_open_it_and_nothing_is_admitted_then() {
        let remote = remote();
        for _ in 0..MOST_FAILURES {
            drop(remote.admit(clock::start()).expect("closed"));
        }
        assert!(remote.is_open());
        let error = remote.admit(soon()).expect_err("open");
        assert_eq!(error, NoAnswer::CircuitOpen("anthropic at models.example".into()));
    }

    #[test]
    fn what_is_given_up_in_time_says_nothing() {
        let remote = remote();
        for _ in 0..2 * MOST_FAILURES {
            drop(remote.admit(soon()).expect("closed"));
            remote.admit(soon()).expect("closed").throttled();
        }
        assert_eq!(remote.standing(), Standing::default());
    }

    #[test]
    fn a_throttled_probe_is_a_failed_one() {
        let remote = remote();
        remote.restore(Standing { failures: 5, open: true }, true);
        remote.admit(soon()).expect("the right to probe").throttled();
        assert!(remote.is_open());
        remote.restore(Standing { failures: 5, open: true }, true);
        drop(remote.admit(soon()).expect("the right to probe"));
        remote.admit(soon()).expect("the probe was given up, and may be made again").answered();
        assert!(remote.is_on_trial() && !remote.is_open());
    }
}
