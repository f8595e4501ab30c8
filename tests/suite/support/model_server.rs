//! A scripted HTTP server in the place of a model provider: it speaks Anthropic's Messages, OpenAI's Chat Completions and
//! Embeddings, counts and keeps every request, and misbehaves as it is told.
//!
//! ```ignore
//! let server = ModelServer::start();
//! server.script(MESSAGES, [Step::status(503), Step::Good]); // first 503, from then on good answers
//! let done = process(db).env("ANTHROPIC_BASE_URL", server.url()).env("ANTHROPIC_API_KEY", "k").done();
//! assert_eq!(server.calls(MESSAGES), 2);
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};

use super::bin::Bin;

/// Where Anthropic is asked.
pub const MESSAGES: &str = "/v1/messages";
/// Where OpenAI is asked, below a base URL that ends in `/v1`.
pub const CHAT: &str = "/v1/chat/completions";
/// Where OpenAI is asked for vectors.
pub const EMBEDDINGS: &str = "/v1/embeddings";

/// What the server does with one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Answers as a provider should.
    Good,
    /// Answers with a status, further headers and a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Answers well, after a while.
    Late(Duration),
    /// Sends nothing, until the other side hangs up.
    Stall,
    /// Sends a header and the first bytes of the body, and nothing more.
    StallBody,
    /// Sends the good answer one byte every so often.
    Drip(Duration),
    /// Closes in the middle of the body.
    Cut,
    /// Closes without a byte.
    HangUp,
    /// Sends a body of so many bytes, as long as it is read.
    Huge(usize),
    /// Does what the request deserves.
    By(fn(&Request) -> Step),
}

impl Step {
    /// An error with the body that the vendors send.
    pub fn status(status: u16) -> Self {
        Self::error(status, "some_error", "something is wrong")
    }

    /// An error of a type, with a message. The body has the fields of both vendors.
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let error = json!({"type": kind, "code": kind, "param": null, "message": message});
        Self::Answer(status, vec![], json!({"type": "error", "error": error}).to_string())
    }

    /// A good status with this body.
    pub fn reply(body: &Value) -> Self {
        Self::Answer(200, vec![], body.to_string())
    }

    /// The same with one header more.
    pub fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.to_string()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    pub at: Instant,
    pub method: String,
    /// The path; through a proxy the whole URL.
    pub path: String,
    /// What follows a question mark.
    pub query: String,
    /// By names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    scripts: BTreeMap<String, VecDeque<Step>>,
    extraction: Option<Value>,
    text: Option<String>,
    /// Requests whose connection the other side closed before it had an answer.
    hung_up: usize,
    in_flight: usize,
    most_in_flight: usize,
}

/// A running server; it ends with the test.
#[derive(Clone)]
pub struct ModelServer {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<Mutex<State>>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl ModelServer {
    /// Over plain HTTP.
    pub fn start() -> Self {
        Self::listen("http", |stream| Some(Box::new(stream)))
    }

    /// Over TLS, for `localhost`, with a self-signed certificate that is written to `certificate`.
    pub fn start_tls(certificate: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(certificate, made.cert.pem()).expect("the certificate is written");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate and its key");
        let config = Arc::new(config);
        Self::listen("https", move |stream| {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(Box::new(rustls::StreamOwned::new(session, stream)))
        })
    }

    fn listen(
        scheme: &'static str,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Self { address: listener.local_addr().expect("an address"), scheme, state: Arc::default() };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (server, wrap) = (serving.clone(), wrap.clone());
                thread::spawn(move || {
                    if let Some(mut stream) = wrap(stream) {
                        server.serve(&mut stream);
                    }
                });
            }
        });
        server
    }

    /// Its root.
    pub fn url(&self) -> String {
        let host = if self.scheme == "https" { "localhost" } else { "127.0.0.1" };
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    /// What is done with the next requests for a path, in order. The last step is repeated.
    pub fn script(&self, path: &str, steps: impl IntoIterator<Item = Step>) {
        self.lock().scripts.insert(path.to_owned(), steps.into_iter().collect());
    }

    /// What good answers extract.
    pub fn extracts(&self, extraction: Value) {
        self.lock().extraction = Some(extraction);
    }

    /// What good answers say where text is asked for.
    pub fn says(&self, text: &str) {
        self.lock().text = Some(text.to_owned());
    }

    /// The requests for a path so far.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.lock().requests.iter().filter(|request| request.path.ends_with(path)).cloned().collect()
    }

    /// How many requests for a path there were.
    pub fn calls(&self, path: &str) -> usize {
        self.requests(path).len()
    }

    /// The pauses between the requests for a path.
    pub fn pauses(&self, path: &str) -> Vec<Duration> {
        self.requests(path).windows(2).map(|two| two[1].at.duration_since(two[0].at)).collect()
    }

    /// How many requests were given up by the other side.
    pub fn hung_up(&self) -> usize {
        self.lock().hung_up
    }

    /// The most requests that were in hand at once.
    pub fn most_in_flight(&self) -> usize {
        self.lock().most_in_flight
    }

    /// The binary, with both vendors at this server.
    pub fn serves(&self, bin: Bin) -> Bin {
        bin.env("ANTHROPIC_BASE_URL", self.url())
            .env("OPENAI_BASE_URL", format!("{}/v1", self.url()))
            .env("ANTHROPIC_API_KEY", "sk-ant-test")
            .env("OPENAI_API_KEY", "sk-test")
            .env("NO_PROXY", "127.0.0.1,localhost")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: &mut dyn Stream) {
        let Some(request) = read_request(stream) else { return };
        let step = {
            let mut state = self.lock();
            state.requests.push(request.clone());
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            let script = state.scripts.iter_mut().find(|(path, _)| request.path.ends_with(path.as_str()));
            script.map_or(Step::Good, |(_, steps)| match steps.len() {
                0 => Step::Good,
                1 => steps[0].clone(),
                _ => steps.pop_front().expect("a step"),
            })
        };
        let sent = self.play(stream, &request, &step);
        let mut state = self.lock();
        state.in_flight -= 1;
        state.hung_up += usize::from(!sent);
    }

    /// Whether the other side was there to the end.
    fn play(&self, stream: &mut dyn Stream, request: &Request, step: &Step) -> bool {
        match step {
            Step::By(judge) => self.play(stream, request, &judge(request)),
            Step::Good => answer(stream, 200, &[], self.good(request).as_bytes()),
            Step::Answer(status, headers, body) => answer(stream, *status, headers, body.as_bytes()),
            Step::Late(wait) => {
                thread::sleep(*wait);
                answer(stream, 200, &[], self.good(request).as_bytes())
            }
            Step::Stall => until_closed(stream),
            Step::StallBody => {
                let body = self.good(request);
                send(stream, head(200, &[], body.len()).as_bytes())
                    && send(stream, &body.as_bytes()[..10])
                    && until_closed(stream)
            }
            Step::Drip(gap) => {
                let body = self.good(request);
                send(stream, head(200, &[], body.len()).as_bytes())
                    && body.as_bytes().chunks(1).all(|byte| {
                        thread::sleep(*gap);
                        send(stream, byte)
                    })
            }
            Step::Cut => {
                let body = self.good(request);
                send(stream, head(200, &[], body.len()).as_bytes()) && send(stream, &body.as_bytes()[..body.len() / 2])
            }
            Step::HangUp => true,
            Step::Huge(length) => {
                let chunk = vec![b' '; 64 * 1024];
                send(stream, b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
                    && (0..*length).step_by(chunk.len()).all(|_| send(stream, &chunk))
            }
        }
    }

    /// What a provider would answer, in the shape that the vendors' documentation records.
    pub fn good(&self, request: &Request) -> String {
        let state = self.lock();
        let body = &request.body;
        let notes = state.extraction.clone().unwrap_or_else(extraction);
        let data = body["messages"].as_array().and_then(|all| all.iter().find(|it| it["role"] == "user"));
        let data = data.and_then(|message| message["content"].as_str()).unwrap_or_default();
        // Asked to polish a prompt, it changes nothing but the end.
        let text = state.text.clone().unwrap_or_else(|| format!("{data}\nPolished."));
        let answer = if request.path.ends_with(MESSAGES) {
            match body["tools"][0]["name"].as_str() {
                Some(name) => {
                    let call = json!({"type": "tool_use", "id": "toolu_01A09q90qw90lq917835lq9", "name": name, "input": notes});
                    message(body, &json!([call]), "tool_use")
                }
                None => message(body, &json!([{"type": "text", "text": text}]), "end_turn"),
            }
        } else if request.path.ends_with(CHAT) {
            // A form is asked for by its field, or in the instructions.
            let instructions = body["messages"][0]["content"].as_str().unwrap_or_default();
            let structured = body["response_format"].is_object() || instructions.contains("JSON schema");
            let content = if structured { notes.to_string() } else { text };
            chat(body, &json!({"role": "assistant", "content": content, "refusal": null, "annotations": []}), "stop")
        } else if request.path.ends_with(EMBEDDINGS) {
            let texts = body["input"].as_array().cloned().unwrap_or_default();
            let data: Vec<_> = texts
                .iter()
                .enumerate()
                .map(|(index, text)| {
                    json!({"object": "embedding", "index": index, "embedding": encoded(&vector(text.as_str().unwrap_or_default()))})
                })
                .collect();
            json!({"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 8, "total_tokens": 8}})
        } else {
            json!({"error": {"message": "no such path", "type": "not_found_error"}})
        };
        answer.to_string()
    }
}

/// What good answers extract unless told otherwise.
pub fn extraction() -> Value {
    json!({
        "facts": [
            {"fact": "They work as a nurse in Lisbon.", "kind": "user"},
            {"fact": "They love climbing.", "kind": "preference"},
        ],
        "threads": ["How the interview went."],
        "thoughts": ["I hope she sleeps enough."],
        "summary": "They talked about work.",
        "emotional_tone": "supportive",
    })
}

/// A reply of the Messages API.
pub fn message(request: &Value, content: &Value, stop_reason: &str) -> Value {
    json!({
        "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "usage": {"input_tokens": 1000, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 3, "output_tokens": 200,
                  "service_tier": "standard"},
    })
}

/// A reply of Chat Completions.
pub fn chat(request: &Value, message: &Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1_741_569_952,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
        "service_tier": "default",
    })
}

/// A vector that differs from text to text: the same text has the same, others are far from it.
pub fn vector(text: &str) -> Vec<f32> {
    let mut state = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut vector: Vec<f32> = (0..1536)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f32::from(u16::try_from(state >> 48).expect("16 bits")) / 32_768.0 - 1.0
        })
        .collect();
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    for number in &mut vector {
        *number /= length;
    }
    vector
}

/// A vector as the Embeddings API sends it in base64.
pub fn encoded(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

fn read_request(stream: &mut dyn Stream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    };
    let at = Instant::now();
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or_default();
    while bytes.len() < end + length {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
    let body = serde_json::from_slice(&bytes[end..]).unwrap_or_default();
    Some(Request { at, method, path, query, headers, body })
}

fn head(status: u16, headers: &[(&str, String)], length: usize) -> String {
    let more: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n{}\r\n",
        more.concat()
    )
}

fn answer(stream: &mut dyn Stream, status: u16, headers: &[(&str, String)], body: &[u8]) -> bool {
    send(stream, head(status, headers, body.len()).as_bytes()) && send(stream, body)
}

fn send(stream: &mut dyn Stream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).and_then(|()| stream.flush()).is_ok()
}

/// Waits for the other side to hang up; it always does, so the answer is `false`.
fn until_closed(stream: &mut dyn Stream) -> bool {
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(1..) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return false,
        }
    }
}
