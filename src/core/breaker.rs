//! The circuit breaker of a provider (spec 05), as a value: the caller passes the time in.
//!
//! ```text
//!              five unavailable answers in a row
//!   closed ───────────────────────────────────────▶ open ◀───────────────┐
//!     ▲ ▲                                            │ 60 s, or a right   │ unavailable
//!     │ └──────────── any answer ────────────────────┤ to probe           │
//!     │                                              ▼                    │
//!     └────────── an answer ─────────────────── half-open: one probe ─────┘
//! ```
//!
//! After a successful probe it is closed *on trial*: the next unavailable answer opens it again, any other answer ends the trial.

use std::time::Duration;

/// Unavailable answers in a row that open it (spec 05).
pub const MOST_FAILURES: u32 = 5;
/// How long it stays open before it admits a probe (spec 05).
pub const COOL_DOWN: Duration = Duration::from_mins(1);
/// How long after it opened or was last probed the next run can probe. Less than a minute, because a run that starts every
/// minute starts less than a minute after the last failure of the run before.
pub const BETWEEN_PROBES: Duration = Duration::from_secs(30);

/// The state of a breaker that is saved between runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Unavailable answers in a row.
    pub failures: u32,
    /// Whether it is open.
    pub open: bool,
}

/// One provider's breaker. Time is the span since any fixed moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { probe_from: Duration },
    HalfOpen,
}

/// Permission for one request. The caller hands it back with the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Ticket {
    probe: bool,
}

impl Default for Breaker {
    fn default() -> Self {
        Self(State::Closed { failures: 0 })
    }
}

impl Breaker {
    /// Restores an earlier run's breaker. `may_probe` is true if this run has taken the right to probe.
    #[must_use]
    pub fn restored(standing: Standing, may_probe: bool, now: Duration) -> Self {
        Self(match standing {
            Standing { open: false, failures } => State::Closed { failures: failures.min(MOST_FAILURES - 1) },
            Standing { open: true, .. } if may_probe => State::Open { probe_from: now },
            Standing { open: true, .. } => State::Open { probe_from: now + COOL_DOWN },
        })
    }

    /// Asks for permission; `None` while it is open.
    pub fn admit(&mut self, now: Duration) -> Option<Ticket> {
        match self.0 {
            State::Closed { .. } => Some(Ticket { probe: false }),
            State::Open { probe_from } if now >= probe_from => {
                self.0 = State::HalfOpen;
                Some(Ticket { probe: true })
            }
            State::Open { .. } | State::HalfOpen => None,
        }
    }

    /// The provider answered, with success or an error.
    pub const fn answered(&mut self, ticket: Ticket) {
        self.0 = State::Closed { failures: if ticket.probe { MOST_FAILURES - 1 } else { 0 } };
    }

    /// The provider was unavailable, or did not answer in time.
    pub fn unavailable(&mut self, ticket: Ticket, now: Duration) {
        match self.0 {
            State::Closed { failures } if failures + 1 < MOST_FAILURES => {
                self.0 = State::Closed { failures: failures + 1 };
            }
            State::Closed { .. } => self.0 = State::Open { probe_from: now + COOL_DOWN },
            State::HalfOpen if ticket.probe => self.0 = State::Open { probe_from: now + COOL_DOWN },
            // A request from before the breaker opened.
            State::Open { .. } | State::HalfOpen => {}
        }
    }

    /// The request was abandoned for a reason that says nothing about the provider.
    pub fn abandoned(&mut self, ticket: Ticket, now: Duration) {
        if ticket.probe && self.0 == State::HalfOpen {
            self.0 = State::Open { probe_from: now };
        }
    }

    /// Whether a request would be rejected now.
    #[must_use]
    pub fn is_open(&self, now: Duration) -> bool {
        match self.0 {
            State::Closed { .. } => false,
            State::Open { probe_from } => now < probe_from,
            State::HalfOpen => true,
        }
    }

    /// Whether one more unavailable answer would open it, so that requests should be sent one at a time.
    #[must_use]
    pub const fn is_on_trial(&self) -> bool {
        matches!(self.0, State::Closed { failures } if failures + 1 >= MOST_FAILURES)
    }

    /// The state to save for the next run.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        match self.0 {
            State::Closed { failures } => Standing { failures, open: false },
            State::Open { .. } | State::HalfOpen => Standing { failures: MOST_FAILURES, open: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened(now: Duration) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..MOST_FAILURES {
            let ticket = breaker.admit(now).expect("closed");
            breaker.unavailable(ticket, now);
        }
        breaker
    }

    #[test]
    fn four_failures_and_an_answer_are_forgotten_and_the_fifth_in_a_row_opens_it() {
        let mut breaker = Breaker::default();
        for _ in 0..MOST_FAILURES - 1 {
            let ticket = breaker.admit(at(0)).unwrap();
            breaker.unavailable(ticket, at(0));
        }
        assert!(breaker.is_on_trial() && !breaker.is_open(at(0)));
        let ticket = breaker.admit(at(0)).unwrap();
        breaker.answered(ticket);
        assert_eq!(breaker, Breaker::default());
        let breaker = opened(at(0));
        assert!(breaker.is_open(at(0)));
        assert_eq!(breaker.standing(), Standing { failures: 5, open: true });
    }

    #[test]
    fn after_a_minute_it_admits_one_probe_and_no_second_one() {
        let mut breaker = opened(at(10));
        assert_eq!(breaker.admit(at(69)), None);
        let probe = breaker.admit(at(70)).unwrap();
        assert_eq!(breaker.admit(at(70)), None);
        breaker.unavailable(probe, at(75));
        assert_eq!((breaker.admit(at(134)), breaker.is_open(at(134))), (None, true));
        assert!(breaker.admit(at(135)).is_some());
    }

    #[test]
    fn after_a_probe_it_is_on_trial() {
        let mut breaker = opened(at(0));
        let probe = breaker.admit(at(60)).unwrap();
        breaker.answered(probe);
        assert!(breaker.is_on_trial());
        let mut failing = breaker;
        let ticket = failing.admit(at(61)).unwrap();
        failing.unavailable(ticket, at(61));
        assert!(failing.is_open(at(61)));
        let ticket = breaker.admit(at(61)).unwrap();
        breaker.answered(ticket);
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn an_abandoned_probe_can_be_repeated() {
        let mut breaker = opened(at(0));
        let probe = breaker.admit(at(60)).unwrap();
        breaker.abandoned(probe, at(61));
        assert!(breaker.admit(at(61)).is_some());
    }

    #[test]
    fn an_earlier_run_is_remembered() {
        let open = Standing { failures: 5, open: true };
        assert_eq!(Breaker::restored(open, false, at(0)).admit(at(59)), None);
        assert!(Breaker::restored(open, true, at(0)).admit(at(0)).is_some());
        let mut nearly = Breaker::restored(Standing { failures: 4, open: false }, false, at(0));
        let ticket = nearly.admit(at(0)).unwrap();
        nearly.unavailable(ticket, at(0));
        assert!(nearly.is_open(at(0)));
    }

    #[test]
    fn a_late_failure_changes_nothing_and_a_late_answer_closes_it() {
        let mut breaker = Breaker::default();
        let early = breaker.admit(at(0)).unwrap();
        let mut breaker = opened(at(0));
        breaker.unavailable(early, at(50));
        assert!(breaker.admit(at(60)).is_some(), "a late failure does not delay the probe");
        breaker.answered(early);
        assert!(!breaker.is_open(at(60)), "a late answer shows that the provider is available");
    }

    proptest! {
        /// However requests come and go, there is never more than one probe at a time, and none within the cool-down.
        #[test]
        fn at_most_one_request_a_minute_while_nothing_answers(
            steps in proptest::collection::vec((0_u64..40, any::<bool>()), 1..200)
        ) {
            let mut breaker = opened(at(0));
            let (mut now, mut last_failure, mut probe) = (0, 0, None);
            for (wait, settle) in steps {
                now += wait;
                if settle && let Some(ticket) = probe.take() {
                    breaker.unavailable(ticket, at(now));
                    last_failure = now;
                }
                if let Some(ticket) = breaker.admit(at(now)) {
                    prop_assert!(probe.is_none() && now >= last_failure + 60);
                    probe = Some(ticket);
                }
            }
        }
    }
}
