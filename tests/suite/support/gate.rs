//! A gate in front of PostgreSQL that lets one statement pass at a time, when it is told to: where two processes have one each, a test
//! decides the order of all their statements. What comes before the login is over passes by itself.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::db::Db;
use super::proxy::{self, Fate, Request, Rule};

/// How long a statement may be without an answer before it counts as one that waits for the other process.
const BLOCKED: Duration = Duration::from_millis(400);

#[derive(Default)]
struct Count {
    /// How many may pass; none: all.
    allowed: Option<usize>,
    passed: usize,
    answered: usize,
    /// How many wait in front of the gate.
    waiting: usize,
}

#[derive(Default)]
struct State {
    count: Mutex<Count>,
    changed: Condvar,
}

/// The gate, and the proxy behind it.
pub struct Gate {
    /// The database through it.
    pub url: String,
    state: Arc<State>,
}

impl State {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().expect("not poisoned")
    }

    fn change(&self, change: impl FnOnce(&mut Count)) {
        change(&mut self.count());
        self.changed.notify_all();
    }
}

impl Rule for State {
    /// Each statement waits until it may pass.
    fn asked(&self, request: &Request) -> Fate {
        if request.is_statement() {
            self.change(|count| count.waiting += 1);
            let must_wait = |count: &mut Count| count.allowed.is_some_and(|allowed| count.passed >= allowed);
            let mut count = self.changed.wait_while(self.count(), must_wait).expect("not poisoned");
            (count.waiting, count.passed) = (count.waiting - 1, count.passed + 1);
            self.changed.notify_all();
        }
        Fate::Pass
    }

    fn answered(&self) {
        self.change(|count| count.answered += 1);
    }
}

impl Gate {
    /// A closed one.
    pub fn before(db: &Db) -> Self {
        let state = Arc::new(State::default());
        state.count().allowed = Some(0);
        let shared = Arc::clone(&state);
        Self { url: proxy::start(db, move || Arc::clone(&shared)), state }
    }

    /// How many statements have passed.
    pub fn passed(&self) -> usize {
        self.state.count().passed
    }

    /// Lets `more` statements pass, and waits until they are answered and the next one asks; with `None`, until the process ends. Also returns
    /// when the process has ended, or when a statement waits for something that only the other process can give.
    pub fn pass(&self, more: Option<usize>, mut has_ended: impl FnMut() -> bool) {
        let mut target = 0;
        self.state.change(|count| {
            target = count.passed + more.unwrap_or(0);
            count.allowed = more.map(|_| target);
        });
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            if has_ended() {
                return;
            }
            let count = self.state.count();
            let progress = count.passed + count.answered + count.waiting;
            if more.is_some() && count.passed >= target && count.answered >= count.passed && count.waiting > 0 {
                return;
            }
            if progress != seen {
                (seen, since) = (progress, Instant::now());
            } else if count.passed > count.answered && since.elapsed() > BLOCKED {
                return;
            }
            drop(self.state.changed.wait_timeout(count, Duration::from_millis(10)).expect("not poisoned"));
        }
    }
}
