//! Waiting for a condition. The only pause of the tests is the one between two looks at it.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until a condition holds; fails after a minute.
#[track_caller]
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    assert!(within(Duration::from_mins(1), holds), "never: {what}");
}

/// Whether a condition comes to hold in this time.
pub fn within(longest: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while let Some(left) = longest.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        if holds() {
            return true;
        }
        sleep(PAUSE.min(left));
    }
    false
}
