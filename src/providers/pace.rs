//! A requests-per-minute limit: requests start evenly spaced, each as soon as its turn comes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;

/// The turns of one provider, within this process.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most `per_minute` requests a minute; at least one.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { gap: Duration::from_mins(1) / per_minute.max(1), next: Mutex::new(None) }
    }

    /// Waits for the next turn. If that is after `deadline`, returns `false` at once and takes no turn.
    pub async fn turn(&self, deadline: Instant) -> bool {
        let now = clock::start();
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = next.map_or(now, |next| next.max(now));
            if turn >= deadline {
                return false;
            }
            *next = Some(turn + self.gap);
            turn
        };
        tokio::time::sleep(turn.saturating_duration_since(now)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_are_evenly_spaced_and_a_late_one_is_not_taken() {
        let pace = Pace::new(1_200);
        let begun = clock::start();
        let deadline = begun + Duration::from_mins(1);
        for _ in 0..4 {
            assert!(pace.turn(deadline).await);
        }
        assert!(begun.elapsed() >= Duration::from_millis(150), "three gaps of 50 ms");
        assert!(!pace.turn(clock::start()).await);
        assert!(Pace::new(0).turn(deadline).await);
    }
}
