//! Counts what a client asks of PostgreSQL: connections, statements, and round trips. It needs no setting of the server's.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::db::Db;
use super::proxy::{self, Fate, Request, Rule};

/// What a run writes by the clock, however much it has done. These statements are not counted.
const BEATS: [&str; 3] = ["-- tell_progress", "-- write_progress", "-- renew_lease"];

/// What a client has asked for so far, except for what it writes by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub connections: u64,
    /// Statements executed, transactions' own words included.
    pub statements: u64,
    /// How often it has waited for an answer, logins not included.
    pub round_trips: u64,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU64,
    statements: AtomicU64,
    round_trips: AtomicU64,
}

impl Counters {
    /// A statement in the simple protocol.
    fn add_query(&self) {
        self.statements.fetch_add(1, Ordering::SeqCst);
        self.round_trips.fetch_add(1, Ordering::SeqCst);
    }
}

/// A counter in front of a database's server, for as long as the test runs.
pub struct Counter {
    /// The database through it.
    pub url: String,
    counters: Arc<Counters>,
}

impl Counter {
    pub fn before(db: &Db) -> Self {
        let counters = Arc::<Counters>::default();
        let shared = Arc::clone(&counters);
        let url = proxy::start(db, move || {
            shared.connections.fetch_add(1, Ordering::SeqCst);
            Arc::new(Session { counters: Arc::clone(&shared), said: Mutex::default() })
        });
        Self { url, counters }
    }

    /// What has been asked for since the last time.
    pub fn take(&self) -> Counts {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::SeqCst);
        Counts {
            connections: take(&self.counters.connections),
            statements: take(&self.counters.statements),
            round_trips: take(&self.counters.round_trips),
        }
    }
}

struct Session {
    counters: Arc<Counters>,
    said: Mutex<Said>,
}

/// What a session has said before.
#[derive(Default)]
struct Said {
    /// The names of prepared statements that are beats.
    beats: HashSet<Vec<u8>>,
    is_beat: bool,
    /// A transaction whose first statement is yet to come.
    is_begun: bool,
}

impl Rule for Session {
    /// Counted before it is passed on: who waits for the answer finds it counted.
    fn asked(&self, request: &Request) -> Fate {
        let (counters, mut said) = (&self.counters, self.said.lock().expect("not poisoned"));
        for message in request.messages() {
            match message.kind {
                b'Q' if message.body().starts_with(b"begin") => said.is_begun = true,
                b'Q' if said.is_beat => said.is_beat = false,
                b'Q' => counters.add_query(),
                b'P' => {
                    let (name, text) = two_texts(message.body());
                    said.is_beat = BEATS.iter().any(|beat| text.starts_with(beat.as_bytes()));
                    if said.is_beat {
                        said.beats.insert(name);
                    } else {
                        said.beats.remove(&name);
                    }
                }
                b'B' => said.is_beat = said.beats.contains(&two_texts(message.body()).1),
                b'E' if !said.is_beat => drop(counters.statements.fetch_add(1, Ordering::SeqCst)),
                b'S' if !said.is_beat => drop(counters.round_trips.fetch_add(1, Ordering::SeqCst)),
                _ => {}
            }
            if said.is_begun && matches!(message.kind, b'P' | b'B') {
                said.is_begun = false;
                if !said.is_beat {
                    counters.add_query();
                }
            }
        }
        Fate::Pass
    }
}

/// The first two texts of a message: of `Parse` the statement's name and its SQL, of `Bind` the portal and the statement's name.
fn two_texts(body: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut texts = body.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    (texts.next().unwrap_or_default(), texts.next().unwrap_or_default())
}
