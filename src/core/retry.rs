//! Decides whether and when a request to a provider is retried (spec 05's table). Pure: time and chance are parameters.

use std::time::Duration;

use super::provider_error::ErrorClass;

/// The most retries of a request, so at most four tries.
pub const MOST_RETRIES: u32 = 3;

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedTry {
    /// No connection, no response in time, or an incomplete response.
    NoReply,
    /// An error response.
    ErrorResponse {
        /// Its class.
        class: ErrorClass,
        /// The provider's `retry-after`.
        retry_after: Option<Duration>,
    },
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Retry after this pause.
    Again(Duration),
    /// Give up for now: the provider is unavailable.
    Unavailable,
    /// Do not repeat this request: it is refused.
    Refused,
    /// Stop the run: the key, the model's name or the address is wrong.
    Misconfigured,
}

/// Decides after a failed try.
///
/// `retries` is the number of retries so far, `left` the time to the deadline, `base` the first pause (1 s by spec 05; it doubles
/// with each retry), and `chance`, from 0 to 1, the jitter of up to 20 %. A pause that does not fit into `left` is not begun.
#[must_use]
pub fn decide(trouble: FailedTry, retries: u32, left: Duration, base: Duration, chance: f64) -> Verdict {
    let asked = match trouble {
        FailedTry::NoReply => None,
        FailedTry::ErrorResponse { class: ErrorClass::Passing | ErrorClass::Throttled, retry_after } => retry_after,
        FailedTry::ErrorResponse { class: ErrorClass::Spent, .. } => return Verdict::Unavailable,
        FailedTry::ErrorResponse { class: ErrorClass::Refused | ErrorClass::TurnedAway, .. } => {
            return Verdict::Refused;
        }
        FailedTry::ErrorResponse { class: ErrorClass::Key | ErrorClass::Model | ErrorClass::Address, .. } => {
            return Verdict::Misconfigured;
        }
    };
    let pause = asked.unwrap_or_else(|| backoff(retries, base, chance));
    if retries < MOST_RETRIES && pause < left { Verdict::Again(pause) } else { Verdict::Unavailable }
}

fn backoff(retries: u32, base: Duration, chance: f64) -> Duration {
    let doubled = base.saturating_mul(1 << retries.min(MOST_RETRIES));
    doubled.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_mins(10);

    fn told(class: ErrorClass) -> FailedTry {
        FailedTry::ErrorResponse { class, retry_after: None }
    }

    #[test]
    fn temporary_errors_are_retried_after_one_two_four_seconds() {
        for trouble in [told(ErrorClass::Passing), told(ErrorClass::Throttled), FailedTry::NoReply] {
            for (retries, seconds) in [(0, 1), (1, 2), (2, 4)] {
                assert_eq!(decide(trouble, retries, LONG, SECOND, 0.5), Verdict::Again(SECOND * seconds));
            }
            assert_eq!(decide(trouble, 3, LONG, SECOND, 0.5), Verdict::Unavailable);
        }
    }

    #[rstest]
    #[case(ErrorClass::Refused, Verdict::Refused)]
    #[case(ErrorClass::TurnedAway, Verdict::Refused)]
    #[case(ErrorClass::Key, Verdict::Misconfigured)]
    #[case(ErrorClass::Model, Verdict::Misconfigured)]
    #[case(ErrorClass::Address, Verdict::Misconfigured)]
    #[case(ErrorClass::Spent, Verdict::Unavailable)]
    fn permanent_errors_are_never_retried(#[case] class: ErrorClass, #[case] verdict: Verdict) {
        let trouble = FailedTry::ErrorResponse { class, retry_after: Some(Duration::ZERO) };
        assert_eq!(decide(trouble, 0, LONG, SECOND, 0.5), verdict);
    }

    #[test]
    fn retry_after_is_respected_if_it_fits_into_the_deadline() {
        for class in [ErrorClass::Throttled, ErrorClass::Passing] {
            let asks = |wait| FailedTry::ErrorResponse { class, retry_after: Some(wait) };
            assert_eq!(decide(asks(SECOND * 7), 0, SECOND * 8, SECOND, 0.5), Verdict::Again(SECOND * 7));
            assert_eq!(decide(asks(SECOND * 8), 0, SECOND * 8, SECOND, 0.5), Verdict::Unavailable);
            assert_eq!(decide(asks(Duration::ZERO), 0, SECOND, SECOND, 0.5), Verdict::Again(Duration::ZERO));
        }
    }

    proptest! {
        #[test]
        fn no_wait_outlives_the_deadline(retries in 0..6_u32, left in 0..20_000_u64,
                after in proptest::option::of(0..100_000_u64), chance in 0.0..1.0_f64) {
            let left = Duration::from_millis(left);
            let trouble = FailedTry::ErrorResponse { class: ErrorClass::Passing, retry_after: after.map(Duration::from_millis) };
            if let Verdict::Again(pause) = decide(trouble, retries, left, SECOND, chance) {
                prop_assert!(pause < left && retries < MOST_RETRIES);
            }
        }

        #[test]
        fn jitter_is_at_most_a_fifth(retries in 0..3_u32, chance in -1.0..2.0_f64) {
            let Verdict::Again(pause) = decide(FailedTry::NoReply, retries, LONG, SECOND, chance) else { panic!("again") };
            let plain = SECOND * (1 << retries);
            prop_assert!(pause >= plain.mul_f64(0.799) && pause <= plain.mul_f64(1.201));
        }
    }
}
