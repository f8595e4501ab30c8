//! A proxy in front of PostgreSQL that lets one statement pass at a time, when it is told to: where two processes have one each, a test
//! decides the order of all their statements.
//!
//! A statement is what a client sends up to the message that asks for an answer: `Query`, or the extended protocol's `Sync`. It has been
//! answered at `ReadyForQuery`. What comes before the login is over passes by itself.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::db::Db;

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

/// The gate, and the proxy behind it.
#[derive(Clone)]
pub struct Gate {
    /// The database through it.
    pub url: String,
    state: Arc<(Mutex<Count>, Condvar)>,
}

impl Gate {
    /// A closed one.
    pub fn before(db: &Db) -> Self {
        let direct = db.direct_url();
        let (login, rest) = direct.split_once('@').expect("a URL with a login");
        let (server, name) = rest.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        // Without TLS, whose first answer is no message.
        let url = format!("{login}@{}/{name}?sslmode=disable", listener.local_addr().expect("an address"));
        let gate =
            Self { url, state: Arc::new((Mutex::new(Count { allowed: Some(0), ..Count::default() }), Condvar::new())) };
        let (told, server) = (gate.clone(), server.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (Ok(server), gate) = (TcpStream::connect(&server), told.clone()) else { continue };
                let (answers, to_client) =
                    (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
                let back = gate.clone();
                thread::spawn(move || back.answer(answers, to_client));
                thread::spawn(move || gate.ask(client, server));
            }
        });
        gate
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.state.0.lock().expect("not poisoned")
    }

    fn change(&self, change: impl FnOnce(&mut Count)) {
        change(&mut self.count());
        self.state.1.notify_all();
    }

    /// The client's half: each statement waits until it may pass.
    fn ask(&self, mut client: TcpStream, mut server: TcpStream) {
        let (mut started, mut held) = (false, Vec::new());
        while let Some((kind, message)) = message(&mut client, started) {
            started = true;
            held.extend(message);
            if matches!(kind, b'Q' | b'S') {
                self.wait_for_leave();
            }
            if matches!(kind, 0 | b'Q' | b'S' | b'p' | b'X') && server.write_all(&std::mem::take(&mut held)).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    }

    fn wait_for_leave(&self) {
        let mut count = self.count();
        count.waiting += 1;
        self.state.1.notify_all();
        while count.allowed.is_some_and(|allowed| count.passed >= allowed) {
            count = self.state.1.wait(count).expect("not poisoned");
        }
        (count.waiting, count.passed) = (count.waiting - 1, count.passed + 1);
        self.state.1.notify_all();
    }

    /// The server's half: counts what was answered, the login left out.
    fn answer(&self, mut server: TcpStream, mut client: TcpStream) {
        let mut logged_in = false;
        while let Some((kind, message)) = message(&mut server, true) {
            if client.write_all(&message).is_err() {
                break;
            }
            if kind == b'Z' && std::mem::replace(&mut logged_in, true) {
                self.change(|count| count.answered += 1);
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    /// How many statements have passed.
    pub fn passed(&self) -> usize {
        self.count().passed
    }

    /// Lets so many more statements pass, or all, and waits until they are answered and the next one asks, or the process has ended.
    /// `false` where one waits for something that only the other process can give.
    pub fn pass(&self, more: Option<usize>, mut has_ended: impl FnMut() -> bool) -> bool {
        let mut target = 0;
        self.change(|count| {
            target = count.passed + more.unwrap_or(0);
            count.allowed = more.map(|_| target);
        });
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            if has_ended() {
                return true;
            }
            let count = self.count();
            let progress = count.passed + count.answered + count.waiting;
            if more.is_some() && count.passed >= target && count.answered >= count.passed && count.waiting > 0 {
                return true;
            }
            if progress != seen {
                (seen, since) = (progress, Instant::now());
            } else if count.passed > count.answered && since.elapsed() > BLOCKED {
                return false;
            }
            drop(self.state.1.wait_timeout(count, Duration::from_millis(10)).expect("not poisoned"));
        }
    }
}

/// The next whole message: its kind, 0 for a start-up message, and all its bytes.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
fn message(stream: &mut TcpStream, has_kind: bool) -> Option<(u8, Vec<u8>)> {
    let mut bytes = vec![0; if has_kind { 5 } else { 4 }];
    stream.read_exact(&mut bytes).ok()?;
    let length = u32::from_be_bytes(bytes[usize::from(has_kind)..].try_into().ok()?) as usize;
    let head = bytes.len();
    bytes.resize(length + usize::from(has_kind), 0);
    stream.read_exact(&mut bytes[head..]).ok()?;
    Some((if has_kind { bytes[0] } else { 0 }, bytes))
}
