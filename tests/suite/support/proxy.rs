//! A proxy in front of PostgreSQL that counts what a client asks for: connections, statements, and round trips. It reads the
//! client's half of the protocol and changes nothing, so that it needs no setting of the server's.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::db::Db;

/// What a run writes by the clock, however much it has done: not counted.
const BEATS: [&str; 3] = ["-- tell_progress", "-- write_progress", "-- renew_lease"];

/// What a client has asked for so far, but for what it writes by the clock.
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

/// A proxy in front of a database's server, for as long as the test runs.
pub struct Proxy {
    /// The database through it.
    pub url: String,
    counters: Arc<Counters>,
}

impl Proxy {
    pub fn before(db: &Db) -> Self {
        let direct = db.direct_url();
        let (login, rest) = direct.split_once('@').expect("a URL with a login");
        let (server, name) = rest.split_once('/').expect("a URL with a database");
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("{login}@{}/{name}", listener.local_addr().expect("an address"));
        let counters = Arc::new(Counters::default());
        let told = Arc::clone(&counters);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.expect("a client"), TcpStream::connect(&server).expect("the server"));
                told.connections.fetch_add(1, Ordering::SeqCst);
                let (mut from_server, mut to_client) = (copy(&server), copy(&client));
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from_server, &mut to_client);
                    let _ = to_client.shutdown(Shutdown::Both);
                });
                let told = Arc::clone(&told);
                thread::spawn(move || forward(client, server, &told));
            }
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

fn copy(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a second handle")
}

fn forward(mut client: TcpStream, mut server: TcpStream, counters: &Counters) {
    let mut pending = Vec::new();
    let mut started = false;
    let (mut beats, mut is_beat) = (HashSet::new(), false);
    // A transaction whose first statement is yet to come.
    let mut is_begun = false;
    let mut piece = [0; 16 * 1024];
    while let Ok(length @ 1..) = client.read(&mut piece) {
        pending.extend_from_slice(&piece[..length]);
        // Counted before it is passed on: who waits for the answer finds it counted.
        while let Some((kind, end)) = first_message(&pending, started) {
            match kind {
                // A start-up message; only the request for TLS is followed by another one.
                0 => started = pending[4..8] != 80_877_103_u32.to_be_bytes(),
                b'Q' if pending[5..].starts_with(b"begin") => is_begun = true,
                b'Q' if is_beat => is_beat = false,
                b'Q' => counters.add_query(),
                b'P' => {
                    let (name, text) = two_texts(&pending[5..end]);
                    is_beat = BEATS.iter().any(|beat| text.starts_with(beat.as_bytes()));
                    if is_beat {
                        beats.insert(name);
                    } else {
                        beats.remove(&name);
                    }
                }
                b'B' => is_beat = beats.contains(&two_texts(&pending[5..end]).1),
                b'E' if !is_beat => drop(counters.statements.fetch_add(1, Ordering::SeqCst)),
                b'S' if !is_beat => drop(counters.round_trips.fetch_add(1, Ordering::SeqCst)),
                _ => {}
            }
            if is_begun && matches!(kind, b'P' | b'B') {
                is_begun = false;
                if !is_beat {
                    counters.add_query();
                }
            }
            pending.drain(..end);
        }
        if server.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

/// The first two texts of a message: of `Parse` the statement's name and its SQL, of `Bind` the portal and the statement's name.
fn two_texts(body: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut texts = body.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    (texts.next().unwrap_or_default(), texts.next().unwrap_or_default())
}

/// The kind and the end of the first whole message: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
fn first_message(bytes: &[u8], started: bool) -> Option<(u8, usize)> {
    let (kind, rest) = if started { (*bytes.first()?, bytes.get(1..)?) } else { (0, bytes) };
    let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
    let end = usize::try_from(length).ok()? + usize::from(started);
    (bytes.len() >= end).then_some((kind, end))
}
