//! What becomes of a conversation whose pipeline failed: the table of spec 02, as one function.

use chrono::TimeDelta;

use super::ask::NoAnswer;
use super::backoff::pause;
use super::stages::StageError;
use crate::domain::conversation::Claim;

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try again after a pause; the attempt counts.
    Retry(TimeDelta),
    /// The provider was unavailable: try again after a pause.
    Outage {
        /// How long to wait.
        pause: TimeDelta,
        /// Whether the attempt counts, after too many outages.
        counts: bool,
    },
    /// Give the conversation up.
    Fail,
    /// Give it back untouched, because the whole run must stop.
    Release,
}

/// Attempts after which a conversation is given up.
pub const MOST_ATTEMPTS: i32 = 3;
/// Outages that cost no attempt.
pub const FREE_OUTAGES: i32 = 10;

/// Decides about a critical failure.
#[must_use]
pub fn dispose(claim: &Claim, error: &StageError) -> Disposition {
    let last = claim.attempt >= MOST_ATTEMPTS;
    match error {
        StageError::InvalidTranscript(_) | StageError::NoAnswer(NoAnswer::Refused(_)) => Disposition::Fail,
        StageError::NoAnswer(NoAnswer::Unavailable(_)) => {
            let counts = claim.outages >= FREE_OUTAGES;
            if counts && last {
                return Disposition::Fail;
            }
            Disposition::Outage { pause: pause(claim.conversation, claim.outages + 1), counts }
        }
        // Where nothing was asked, nothing was lost: neither an attempt nor one of the free outages.
        StageError::NoAnswer(NoAnswer::CircuitOpen(_) | NoAnswer::Configuration(_) | NoAnswer::Store(_)) => {
            Disposition::Release
        }
        StageError::NoAnswer(NoAnswer::InvalidReply(_) | NoAnswer::NotOffered)
        | StageError::TimedOut(_)
        | StageError::Failed(_) => {
            if last {
                Disposition::Fail
            } else {
                Disposition::Retry(pause(claim.conversation, claim.attempt))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{ConversationId, Token, UserId};

    fn claim(attempt: i32, outages: i32) -> Claim {
        let id = Uuid::from_u128(7);
        Claim { conversation: ConversationId(id), user: UserId(id), token: Token(id), attempt, outages }
    }

    #[test]
    fn failures_of_its_own_use_up_three_attempts() {
        for error in [StageError::TimedOut(Duration::from_secs(1)), NoAnswer::InvalidReply(String::new()).into()] {
            assert!(matches!(dispose(&claim(1, 0), &error), Disposition::Retry(_)));
            assert!(matches!(dispose(&claim(2, 0), &error), Disposition::Retry(_)));
            assert_eq!(dispose(&claim(3, 0), &error), Disposition::Fail);
        }
    }

    #[test]
    fn ten_outages_are_free_and_the_eleventh_counts() {
        let outage = NoAnswer::Unavailable(String::new()).into();
        assert!(matches!(dispose(&claim(3, 9), &outage), Disposition::Outage { counts: false, .. }));
        assert!(matches!(dispose(&claim(2, 10), &outage), Disposition::Outage { counts: true, .. }));
        assert_eq!(dispose(&claim(3, 10), &outage), Disposition::Fail);
    }

    #[test]
    fn what_no_retry_can_mend_fails_at_once_and_a_wrong_key_stops_the_run() {
        assert_eq!(dispose(&claim(1, 0), &StageError::InvalidTranscript(String::new())), Disposition::Fail);
        assert_eq!(dispose(&claim(1, 0), &NoAnswer::Refused(String::new()).into()), Disposition::Fail);
        assert_eq!(dispose(&claim(1, 0), &NoAnswer::Configuration(String::new()).into()), Disposition::Release);
        assert_eq!(dispose(&claim(3, 10), &NoAnswer::CircuitOpen(String::new()).into()), Disposition::Release);
    }
}
