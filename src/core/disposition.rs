//! Decides what to do with a conversation whose pipeline failed: spec 02's table as one function.

use chrono::TimeDelta;

use super::ask::NoAnswer;
use super::backoff::pause;
use super::stages::step::StageError;
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
    /// The provider has refused it: try again after hours. The attempt counts, and the player's newer conversations go on.
    Refusal(TimeDelta),
    /// Give up.
    Fail,
    /// Release it unchanged, because the whole run must stop.
    Release,
}

/// Attempts after which a conversation is given up.
pub const MOST_ATTEMPTS: i32 = 3;
/// Refusals after which a conversation is given up.
pub const MOST_REFUSALS: i32 = 3;
/// How many hours a conversation waits after its first refusal, and after each later one: the longest pause. `claim.sql` believes seven.
const REFUSED_HOURS: [i64; 2] = [1, 6];
/// Outages that cost no attempt.
pub const FREE_OUTAGES: i32 = 10;

/// Decides about a critical failure.
#[must_use]
pub fn dispose(claim: &Claim, error: &StageError) -> Disposition {
    let last = claim.attempt >= MOST_ATTEMPTS;
    match error {
        StageError::InvalidTranscript(_) | StageError::NoAnswer(NoAnswer::Declined(_)) => Disposition::Fail,
        StageError::NoAnswer(NoAnswer::Refused(_)) => {
            if last || claim.refusals + 1 >= MOST_REFUSALS {
                return Disposition::Fail;
            }
            let [first, later] = REFUSED_HOURS;
            Disposition::Refusal(TimeDelta::hours(if claim.refusals <= 0 { first } else { later }))
        }
        StageError::NoAnswer(NoAnswer::Unavailable(_) | NoAnswer::TurnedAway(_)) => {
            let counts = claim.outages >= FREE_OUTAGES;
            if counts && last {
                return Disposition::Fail;
            }
            Disposition::Outage { pause: pause(claim.conversation, claim.outages + 1), counts }
        }
        // No request of the conversation failed, so this uses up neither an attempt nor a free outage. By the class of a failure of the
        // database, the job decides itself.
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
        Claim { conversation: ConversationId(id), user: UserId(id), token: Token(id), attempt, outages, refusals: 0 }
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
    fn a_refused_one_waits_an_hour_then_six_and_fails_at_the_third_refusal() {
        let refused = NoAnswer::Refused(String::new()).into();
        let after = |refusals, attempt| dispose(&Claim { refusals, ..claim(attempt, 0) }, &refused);
        assert_eq!(after(0, 1), Disposition::Refusal(TimeDelta::hours(1)));
        assert_eq!(after(1, 2), Disposition::Refusal(TimeDelta::hours(6)));
        assert_eq!(after(2, 1), Disposition::Fail);
        assert_eq!(after(0, 3), Disposition::Fail, "its attempts are used up");
        let turned_away = NoAnswer::TurnedAway(String::new()).into();
        assert!(matches!(dispose(&claim(3, 9), &turned_away), Disposition::Outage { counts: false, .. }));
        assert_eq!(dispose(&claim(3, 10), &turned_away), Disposition::Fail);
    }

    #[test]
    fn a_permanent_error_fails_at_once_and_a_wrong_key_stops_the_run() {
        assert_eq!(dispose(&claim(1, 0), &StageError::InvalidTranscript(String::new())), Disposition::Fail);
        assert_eq!(dispose(&claim(1, 0), &NoAnswer::Declined(String::new()).into()), Disposition::Fail);
        assert_eq!(dispose(&claim(1, 0), &NoAnswer::Configuration(String::new()).into()), Disposition::Release);
        assert_eq!(dispose(&claim(3, 10), &NoAnswer::CircuitOpen(String::new()).into()), Disposition::Release);
    }
}
