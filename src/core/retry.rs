//! Whether a request to a provider is made again, and when (spec 05's table). Pure: time and chance come in as values.

use std::time::Duration;

/// The most retries of a request; with the first try it is made four times at most.
pub const MOST_RETRIES: u32 = 3;

/// What came of a request instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, no reply in time, or a reply that broke off.
    NoReply,
    /// A status other than success.
    Status {
        /// The status.
        code: u16,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
        /// Whether it says that the account's money is used up.
        spent: bool,
    },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ask again after this long.
    Again(Duration),
    /// Give up for now: the provider is unavailable.
    Unavailable,
    /// Never ask this again: the provider will not take this conversation.
    Refused,
    /// Stop the run: the key, the model's name or the address is wrong.
    Misconfigured,
}

/// Decides after a try.
///
/// `retries` have been made before it, `left` is the time to the deadline, `base` the first pause (1 s by spec 05; it
/// doubles), and `chance`, from 0 to 1, makes a pause up to a fifth longer or shorter. A pause that does not fit into `left`
/// is not begun.
#[must_use]
pub fn decide(trouble: Trouble, retries: u32, left: Duration, base: Duration, chance: f64) -> Verdict {
    let pause = match trouble {
        Trouble::NoReply => backoff(retries, base, chance),
        Trouble::Status { code, retry_after, spent } => match code {
            _ if spent => return Verdict::Unavailable,
            408 | 409 | 425 | 500..=599 => backoff(retries, base, chance),
            429 => retry_after.unwrap_or_else(|| backoff(retries, base, chance)),
            400 | 413 | 422 => return Verdict::Refused,
            _ => return Verdict::Misconfigured,
        },
    };
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

    fn status(code: u16) -> Trouble {
        Trouble::Status { code, retry_after: None, spent: false }
    }

    #[rstest]
    #[case(408)]
    #[case(409)]
    #[case(500)]
    #[case(502)]
    #[case(503)]
    #[case(504)]
    #[case(529)]
    #[case(429)]
    fn passing_trouble_is_tried_again_after_one_two_four_seconds(#[case] code: u16) {
        for trouble in [status(code), Trouble::NoReply] {
            for (retries, seconds) in [(0, 1), (1, 2), (2, 4)] {
                assert_eq!(decide(trouble, retries, LONG, SECOND, 0.5), Verdict::Again(SECOND * seconds));
            }
            assert_eq!(decide(trouble, 3, LONG, SECOND, 0.5), Verdict::Unavailable);
        }
    }

    #[rstest]
    #[case(400, Verdict::Refused)]
    #[case(422, Verdict::Refused)]
    #[case(401, Verdict::Misconfigured)]
    #[case(403, Verdict::Misconfigured)]
    #[case(404, Verdict::Misconfigured)]
    #[case(301, Verdict::Misconfigured)]
    #[case(405, Verdict::Misconfigured)]
    fn what_waiting_can_not_mend_is_never_tried_again(#[case] code: u16, #[case] verdict: Verdict) {
        assert_eq!(decide(status(code), 0, LONG, SECOND, 0.5), verdict);
    }

    #[test]
    fn a_429_waits_as_long_as_it_says_if_that_fits() {
        let asks = |wait| Trouble::Status { code: 429, retry_after: Some(wait), spent: false };
        assert_eq!(decide(asks(SECOND * 7), 0, SECOND * 8, SECOND, 0.5), Verdict::Again(SECOND * 7));
        assert_eq!(decide(asks(SECOND * 8), 0, SECOND * 8, SECOND, 0.5), Verdict::Unavailable);
        assert_eq!(decide(asks(Duration::ZERO), 0, SECOND, SECOND, 0.5), Verdict::Again(Duration::ZERO));
    }

    #[test]
    fn an_empty_purse_is_never_asked_again() {
        for code in [400, 402, 429] {
            let trouble = Trouble::Status { code, retry_after: Some(Duration::ZERO), spent: true };
            assert_eq!(decide(trouble, 0, LONG, SECOND, 0.5), Verdict::Unavailable);
        }
    }

    proptest! {
        #[test]
        fn no_wait_outlives_the_deadline(code in 100..600_u16, retries in 0..6_u32, left in 0..20_000_u64,
                after in proptest::option::of(0..100_000_u64), chance in 0.0..1.0_f64) {
            let left = Duration::from_millis(left);
            let trouble = Trouble::Status { code, retry_after: after.map(Duration::from_millis), spent: false };
            if let Verdict::Again(pause) = decide(trouble, retries, left, SECOND, chance) {
                prop_assert!(pause < left && retries < MOST_RETRIES);
            }
        }

        #[test]
        fn jitter_is_a_fifth_at_most(retries in 0..3_u32, chance in -1.0..2.0_f64) {
            let Verdict::Again(pause) = decide(Trouble::NoReply, retries, LONG, SECOND, chance) else { panic!("again") };
            let plain = SECOND * (1 << retries);
            prop_assert!(pause >= plain.mul_f64(0.799) && pause <= plain.mul_f64(1.201));
        }
    }
}
