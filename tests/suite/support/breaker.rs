//! What breaks a connection to PostgreSQL at one message: it swallows it and all that follows, as a frozen server does, or it cuts the
//! connection once the server has answered, so that the answer is lost.
//!
//! What counts is a message that asks for an answer: the start-up message, a password, `Query`, and the extended protocol's `Sync`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::db::Db;
use super::proxy::{self, Fate, Request, Rule};

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Neither it nor anything behind it arrives, on whatever connection.
    Swallow,
    /// It arrives and is answered; the answer does not arrive, and the connection is gone. The next one works.
    Cut,
}

#[derive(Clone)]
pub struct Breaker {
    /// The database through it.
    pub url: String,
    state: Arc<State>,
}

struct State {
    seen: AtomicUsize,
    at: usize,
    harm: Harm,
}

impl Breaker {
    /// Breaks the message with this number, from 0 on.
    pub fn before(db: &Db, harm: Harm, at: usize) -> Self {
        let state = Arc::new(State { seen: AtomicUsize::new(0), at, harm });
        let shared = Arc::clone(&state);
        let mut url = proxy::start(db, move || Arc::clone(&shared));
        if harm == Harm::Swallow {
            // Where each connection is answered or cut, patience costs no time.
            url.push_str("&connect_timeout=1");
        }
        Self { url, state }
    }

    /// How many messages were sent.
    pub fn seen(&self) -> usize {
        self.state.seen.load(Ordering::SeqCst)
    }

    /// Whether the message has come.
    pub fn has_broken(&self) -> bool {
        self.seen() > self.state.at
    }
}

impl Rule for State {
    fn asked(&self, request: &Request) -> Fate {
        if !request.is_statement() && !request.is_login() {
            return Fate::Pass;
        }
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        match self.harm {
            Harm::Swallow if number >= self.at => Fate::Swallow,
            Harm::Cut if number == self.at => Fate::Cut,
            _ => Fate::Pass,
        }
    }
}
