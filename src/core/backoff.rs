//! The pause before a conversation is retried (spec 02).

use chrono::TimeDelta;

use super::stable_hash;
use crate::domain::ids::ConversationId;

/// The pause after `tries` tries of a conversation: 1, 2, then always 4 minutes, each with up to 20 % jitter, and never over five
/// minutes.
///
/// The jitter is a hash of the conversation and the try. It spreads out the backlog of an outage, and a rerun decides the same.
#[must_use]
pub fn pause(conversation: ConversationId, tries: i32) -> TimeDelta {
    let doublings = tries.clamp(1, 3) - 1;
    let minute_ms = 60_000_i64;
    let base = minute_ms << doublings;
    let unit = stable_hash::unit(&["backoff", &conversation.to_string(), &tries.to_string()]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "at most 300,000 ms")]
    let jitter = (base as f64 * (unit - 0.5) * 0.4) as i64;
    TimeDelta::milliseconds(base + jitter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn stays_within_a_fifth_of_one_two_four_minutes(id in any::<u128>(), tries in -3..20_i32) {
            let pause = pause(ConversationId(Uuid::from_u128(id)), tries);
            let minutes = [1, 2, 4][usize::try_from(tries.clamp(1, 3) - 1).expect("0 to 2")];
            prop_assert!(pause >= TimeDelta::seconds(minutes * 48) && pause <= TimeDelta::seconds(minutes * 72));
            prop_assert!(pause < TimeDelta::minutes(5));
        }
    }
}
