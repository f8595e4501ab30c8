//! A remote provider: its identity, and its circuit breaker ([`crate::core::breaker`]), which every request goes through.
//!
//! The run layer restores the breaker from the database when a run begins, and saves its changes.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::breaker::{Breaker, Standing, Ticket};
use crate::core::manner::Manner;

/// The service of a provider.
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
    /// Its service.
    pub port: Port,
    /// Its protocol: `anthropic` or `openai`.
    pub vendor: &'static str,
    /// The host of its base URL, with the port if it names one; never a user or a password.
    pub host: String,
    /// The path of its base URL.
    pub path: String,
    /// The provider's name of the model.
    pub model: String,
    gate: Mutex<Breaker>,
    manner: Mutex<Manner>,
    since: Instant,
}

impl Remote {
    /// A provider with a closed breaker and without adaptations.
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

    /// The key of its breaker. Other servers, vendors and services have other breakers; models share one.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {} {}", self.port.as_str(), self.vendor, self.host)
    }

    /// The key of its adaptations, which also depend on the path.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}{}", self.key(), self.path)
    }

    /// The manner of requests to it.
    #[must_use]
    pub fn manner(&self) -> Manner {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the manner of requests to it.
    pub fn adopt(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Asks the breaker for permission for one request, which must end by `deadline`.
    ///
    /// # Errors
    /// [`NoAnswer::CircuitOpen`] while the breaker is open: no request is allowed.
    pub fn admit(&self, deadline: Instant) -> Result<Attempt<'_>, NoAnswer> {
        let ticket = self.breaker().admit(self.now()).ok_or_else(|| NoAnswer::CircuitOpen(self.to_string()))?;
        Ok(Attempt { remote: self, ticket: Some(ticket), deadline })
    }

    /// Whether a request would be rejected now, so that waiting for a retry is pointless.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.breaker().is_open(self.now())
    }

    /// Whether one more unavailable answer would open the breaker.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.breaker().is_on_trial()
    }

    /// Restores an earlier run's breaker. `may_probe` is true if this run has taken the right to probe.
    pub fn restore(&self, standing: Standing, may_probe: bool) {
        *self.breaker() = Breaker::restored(standing, may_probe, self.now());
    }

    /// The breaker's state to save for the next run.
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

/// A request under way. If it is dropped unsettled, it counts as a timeout after its deadline, and as abandoned before.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a> {
    remote: &'a Remote,
    ticket: Option<Ticket>,
    deadline: Instant,
}

impl Attempt<'_> {
    /// The provider answered, with success or an error.
    pub fn answered(mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.remote.breaker().answered(ticket);
        }
    }

    /// The provider was unreachable, overloaded or broken, or answered too late.
    pub fn unavailable(mut self) {
        self.fail();
    }

    /// The provider asks for a later retry, and there is time for it: no failure yet, unless it was the probe.
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
    fn timeouts_open_it_and_then_it_admits_no_request() {
        let remote = remote();
        for _ in 0..MOST_FAILURES {
            drop(remote.admit(clock::start()).expect("closed"));
        }
        assert!(remote.is_open());
        let error = remote.admit(soon()).expect_err("open");
        assert_eq!(error, NoAnswer::CircuitOpen("anthropic at models.example".into()));
    }

    #[test]
    fn abandoned_requests_do_not_count() {
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
        remote.admit(soon()).expect("an abandoned probe can be repeated").answered();
        assert!(remote.is_on_trial() && !remote.is_open());
    }
}
