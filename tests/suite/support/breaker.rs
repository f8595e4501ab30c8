//! A proxy in front of PostgreSQL that breaks a connection at one message: it swallows it and all that follows, as a frozen server does, or
//! it cuts the connection once the server has answered, so that the answer is lost.
//!
//! What counts is a message that asks for an answer: the start-up message, a password, `Query`, and the extended protocol's `Sync`.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::db::Db;

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
    /// Sockets that must not be closed.
    kept: Mutex<Vec<TcpStream>>,
}

impl Breaker {
    /// Breaks the message with this number, from 0 on.
    pub fn before(db: &Db, harm: Harm, at: usize) -> Self {
        let direct = db.direct_url();
        let (login, rest) = direct.split_once('@').expect("a URL with a login");
        let (server, name) = rest.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        // Without TLS, whose first answer is no message.
        let mut url = format!("{login}@{}/{name}?sslmode=disable", listener.local_addr().expect("an address"));
        if harm == Harm::Swallow {
            // Where each connection is answered or cut, patience costs no time.
            url.push_str("&connect_timeout=1");
        }
        let state = State { seen: AtomicUsize::new(0), at, harm, kept: Mutex::default() };
        let breaker = Self { url, state: Arc::new(state) };
        let (state, server) = (Arc::clone(&breaker.state), server.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (Ok(server), state) = (TcpStream::connect(&server), Arc::clone(&state)) else { continue };
                thread::spawn(move || state.ask(client, server));
            }
        });
        breaker
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

impl State {
    fn ask(&self, mut client: TcpStream, mut server: TcpStream) {
        let (mut answers, mut to_client) =
            (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
        let muted = Arc::new(AtomicBool::new(false));
        let mute = Arc::clone(&muted);
        let mut answering = Some(thread::spawn(move || {
            let mut piece = [0; 16 * 1024];
            while let Ok(length @ 1..) = answers.read(&mut piece) {
                if !mute.load(Ordering::SeqCst) && to_client.write_all(&piece[..length]).is_err() {
                    break;
                }
            }
            let _ = to_client.shutdown(Shutdown::Both);
        }));
        let mut started = false;
        while let Some((kind, message)) = message(&mut client, started) {
            started = true;
            let asks = matches!(kind, 0 | b'Q' | b'S' | b'p');
            let number = if asks { self.seen.fetch_add(1, Ordering::SeqCst) } else { self.seen.load(Ordering::SeqCst) };
            let broken = number >= self.at && (asks || number > self.at);
            match self.harm {
                Harm::Swallow if broken => {
                    // A server process that waits for a password holds up every `create database` for a minute.
                    let login = matches!(kind, 0 | b'p').then(|| server.try_clone().expect("a handle"));
                    let mut kept = self.kept.lock().expect("not poisoned");
                    kept.extend([client.try_clone().expect("a handle"), server]);
                    drop(kept);
                    // Until the client goes.
                    let _ = std::io::copy(&mut client, &mut std::io::sink());
                    if let Some(unanswered) = login {
                        let _ = unanswered.shutdown(Shutdown::Both);
                    }
                    return;
                }
                Harm::Cut if asks && number == self.at => {
                    // From here on the answers go nowhere.
                    muted.store(true, Ordering::SeqCst);
                    let _ = server.write_all(&message);
                    // The server has done it when it says goodbye to one that has left.
                    let _ = server.write_all(&[b'X', 0, 0, 0, 4]);
                    if let Some(answering) = answering.take() {
                        let _ = answering.join();
                    }
                    return;
                }
                _ if server.write_all(&message).is_err() => break,
                _ => {}
            }
        }
        let _ = server.shutdown(Shutdown::Both);
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
