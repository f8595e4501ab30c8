//! A proxy in front of PostgreSQL. It splits what a client sends into requests, in the simple and in the extended form of the protocol, and
//! a rule says what becomes of each: it is passed on, when the rule returns; it is swallowed; or its answer is lost.

use std::io::{Read, Write, copy, sink};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::db::Db;

/// What becomes of a request.
pub enum Fate {
    Pass,
    /// Its last message never arrives, nor anything behind it; the connection stays, as that of a frozen server does.
    Swallow,
    /// It is answered, but the answer does not arrive, and the connection is gone.
    Cut,
}

/// What a client sends until it waits: the parts of an extended statement up to `Sync`, or one message of another kind.
pub struct Request(Vec<Message>);

/// A message: its kind, 0 for a start-up message, and all its bytes.
pub struct Message {
    pub kind: u8,
    bytes: Vec<u8>,
}

/// A connection's rule. Requests and answers are seen by different threads.
pub trait Rule: Send + Sync + 'static {
    fn asked(&self, request: &Request) -> Fate;

    /// A statement has been answered. The login does not count.
    fn answered(&self) {}
}

impl Message {
    /// The next one of a stream: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
    fn read(stream: &mut TcpStream, has_kind: bool) -> Option<Self> {
        let mut bytes = vec![0; if has_kind { 5 } else { 4 }];
        stream.read_exact(&mut bytes).ok()?;
        let length = u32::from_be_bytes(bytes[usize::from(has_kind)..].try_into().ok()?) as usize;
        let head = bytes.len();
        bytes.resize(length + usize::from(has_kind), 0);
        stream.read_exact(&mut bytes[head..]).ok()?;
        Some(Self { kind: if has_kind { bytes[0] } else { 0 }, bytes })
    }

    /// Without its kind and its length.
    pub fn body(&self) -> &[u8] {
        &self.bytes[if self.kind == 0 { 4 } else { 5 }..]
    }
}

impl Request {
    /// The next one of a client.
    fn read(client: &mut TcpStream, has_kind: bool) -> Option<Self> {
        let mut messages = vec![Message::read(client, has_kind)?];
        while matches!(messages.last()?.kind, b'P' | b'B' | b'C' | b'D' | b'E') {
            messages.push(Message::read(client, true)?);
        }
        Some(Self(messages))
    }

    pub fn messages(&self) -> &[Message] {
        &self.0
    }

    /// Whether it is a statement, in either form.
    pub fn is_statement(&self) -> bool {
        matches!(self.kind(), b'Q' | b'S')
    }

    /// Whether it belongs to the login.
    pub fn is_login(&self) -> bool {
        matches!(self.kind(), 0 | b'p')
    }

    /// Of the message that waits for the answer.
    fn kind(&self) -> u8 {
        self.0.last().map_or(0, |message| message.kind)
    }

    /// The first of its messages, in one piece.
    fn bytes(&self, messages: usize) -> Vec<u8> {
        self.0[..messages].iter().flat_map(|message| &message.bytes).copied().collect()
    }
}

/// Starts a proxy that gives each connection a rule, for as long as the test runs. Returns the database's URL through it, without TLS, because
/// the answer to a request for TLS is not a message.
pub fn start<R: Rule>(db: &Db, rule: impl Fn() -> Arc<R> + Send + 'static) -> String {
    let direct = db.direct_url();
    let (login, rest) = direct.split_once('@').expect("a URL with a login");
    let (server, name) = rest.split_once('/').expect("a URL with a database");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("{login}@{}/{name}?sslmode=disable", listener.local_addr().expect("an address"));
    let server = server.to_owned();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&server) else { continue };
            // Each message goes on at once: to wait for the next one costs 40 ms.
            client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).expect("sockets");
            let rule = rule();
            thread::spawn(move || ask(client, server, &rule));
        }
    });
    url
}

fn handle(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a second handle")
}

/// The client's half.
fn ask<R: Rule>(mut client: TcpStream, mut server: TcpStream, rule: &Arc<R>) {
    let lost = Arc::new(AtomicBool::new(false));
    let answering = {
        let (rule, lost, server, client) = (Arc::clone(rule), Arc::clone(&lost), handle(&server), handle(&client));
        thread::spawn(move || answer(server, client, rule.as_ref(), &lost))
    };
    let mut has_kind = false;
    while let Some(request) = Request::read(&mut client, has_kind) {
        has_kind = true;
        let count = request.messages().len();
        match rule.asked(&request) {
            Fate::Pass => {
                if server.write_all(&request.bytes(count)).is_err() {
                    break;
                }
            }
            Fate::Swallow => {
                let _ = server.write_all(&request.bytes(count - 1));
                if !request.is_login() {
                    // The server must not notice when the client goes: it is frozen.
                    std::mem::forget(handle(&server));
                }
                let _ = copy(&mut client, &mut sink());
                if request.is_login() {
                    // A server process that waits for a password holds up every `create database` for a minute.
                    let _ = server.shutdown(Shutdown::Both);
                }
                return;
            }
            Fate::Cut => {
                lost.store(true, Ordering::SeqCst);
                // The server has done it when it says goodbye to one that has left.
                let _ = server.write_all(&[&request.bytes(count)[..], &[b'X', 0, 0, 0, 4]].concat());
                let _ = answering.join();
                return;
            }
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

/// The server's half.
fn answer(mut server: TcpStream, mut client: TcpStream, rule: &impl Rule, lost: &AtomicBool) {
    let mut logged_in = false;
    while let Some(message) = Message::read(&mut server, true) {
        if !lost.load(Ordering::SeqCst) && client.write_all(&message.bytes).is_err() {
            break;
        }
        if message.kind == b'Z' && std::mem::replace(&mut logged_in, true) {
            rule.answered();
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
