//! What the tests share that have a long form: how much of it is asked for, and all processors.

use std::sync::atomic::{AtomicUsize, Ordering};

/// `NIKITA_EVERY_POINT=1` tries all that there is, `NIKITA_EVERY_POINT=7` every seventh; without it, CI's spread.
pub fn every() -> Option<usize> {
    let asked = std::env::var("NIKITA_EVERY_POINT").ok()?;
    Some(asked.parse().ok().filter(|it| *it > 0).expect("NIKITA_EVERY_POINT is a number above 0"))
}

/// Runs `attempt` for every item, on a thread for each processor with a state of its own. Returns how many returned true.
pub fn each<T: Sync, S>(all: &[T], begin: impl Fn() -> S + Sync, attempt: impl Fn(&S, &T) -> bool + Sync) -> usize {
    let (next, yes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(all.len()) {
            scope.spawn(|| {
                let state = begin();
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    yes.fetch_add(usize::from(attempt(&state, one)), Ordering::Relaxed);
                }
            });
        }
    });
    yes.into_inner()
}
