//! Whether a request to a provider is made again, and when (spec 05's table). Pure: time and chance come in as values.

use std::time::Duration;

use super::refusal::Meaning;

/// The most retries of a request; with the first try it is made four times at most.
pub const MOST_RETRIES: u32 = 3;

/// What came of a request instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, no reply in time, or a reply that broke off.
    NoReply,
    /// An error.
    Told {
        /// What it means.
        meaning: Meaning,
        /// How long the provider asks to wait.
        retry_after: Option<Duration>,
    },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Ask again after this long.
    Again(Duration),
    /// Give up for now: the provider is unavailable.
    Unavailable,
    /// Don't ask this again in this way: the request is refused.
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
    let asked = match trouble {
        Trouble::NoReply => None,
        Trouble::Told { meaning: Meaning::Passing | Meaning::Throttled, retry_after } => retry_after,
        Trouble::Told { meaning: Meaning::Spent, .. } => return Verdict::Unavailable,
        Trouble::Told { meaning: Meaning::Refused | Meaning::TurnedAway, .. } => return Verdict::Refused,
        Trouble::Told { meaning: Meaning::Key | Meaning::Model | Meaning::Address, .. } => {
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

    fn told(meaning: Meaning) -> Trouble {
        Trouble::Told { meaning, retry_after: None }
    }

    #[test]
    fn passing_trouble_is_tried_again_after_one_two_four_seconds() {
        for trouble in [told(Meaning::Passing), told(Meaning::Throttled), Trouble::NoReply] {
            for (retries, seconds) in [(0, 1), (1, 2), (2, 4)] {
                assert_eq!(decide(trouble, retries, LONG, SECOND, 0.5), Verdict::Again(SECOND * seconds));
            }
            assert_eq!(decide(trouble, 3, LONG, SECOND, 0.5), Verdict::Unavailable);
        }
    }

    #[rstest]
    #[case(Meaning::Refused, Verdict::Refused)]
    #[case(Meaning::TurnedAway, Verdict::Refused)]
    #[case(Meaning::Key, Verdict::Misconfigured)]
    #[case(Meaning::Model, Verdict::Misconfigured)]
    #[case(Meaning::Address, Verdict::Misconfigured)]
    #[case(Meaning::Spent, Verdict::Unavailable)]
    fn what_waiting_can_not_mend_is_never_tried_again(#[case] meaning: Meaning, #[case] verdict: Verdict) {
        let trouble = Trouble::Told { meaning, retry_after: Some(Duration::ZERO) };
        assert_eq!(decide(trouble, 0, LONG, SECOND, 0.5), verdict);
    }

    #[test]
    fn whoever_says_when_is_waited_for_as_long_as_that_fits() {
        for meaning in [Meaning::Throttled, Meaning::Passing] {
            let asks = |wait| Trouble::Told { meaning, retry_after: Some(wait) };
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
            let trouble = Trouble::Told { meaning: Meaning::Passing, retry_after: after.map(Duration::from_millis) };
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
