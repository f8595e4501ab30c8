//! One HTTP request, with nothing of a vendor's: connect within 5 s, TLS by rustls with the platform's roots, proxies by the
//! usual variables, no redirect followed (a key must not travel on), no more than 16 MiB of reply.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::retry_after;
use crate::clock;

/// How long a connection may take to stand (spec 05).
const CONNECT: Duration = Duration::from_secs(5);
/// The longest reply (spec 05).
pub const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The most that is read of an error's body.
const MOST_ERROR_BYTES: usize = 64 * 1024;

/// A client that is set up at its first use: a run that finds nothing to do loads no certificates.
#[derive(Debug, Default)]
pub struct Http {
    client: OnceLock<Result<Client, String>>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// The body; of an error its first 64 KiB.
    pub body: Vec<u8>,
}

/// Why nothing usable came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No client can be made: what is missing.
    NoClient(String),
    /// No reply: why, without the address.
    NoReply(&'static str),
    /// The reply is longer than [`MOST_BYTES`].
    TooLong,
}

impl Http {
    /// Posts a JSON body and reads the reply. Dropping the future ends the connection.
    ///
    /// # Errors
    /// [`Failure`]; a status other than success is none.
    pub async fn post(&self, url: Url, headers: HeaderMap, body: Vec<u8>) -> Result<Reply, Failure> {
        let client = self.client.get_or_init(|| client(url.scheme() == "https")).as_ref();
        let client = client.map_err(|why| Failure::NoClient(why.clone()))?;
        let sent = client.post(url).headers(headers).body(body).send().await;
        let mut response = sent.map_err(|error| Failure::NoReply(reason(&error)))?;
        let ok = response.status().is_success();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after =
            retry_after::wait(header("retry-after-ms"), header("retry-after"), header("date"), clock::host_time());
        let status = response.status().as_u16();
        let body = read(&mut response, ok).await?;
        Ok(Reply { status, retry_after, body })
    }
}

async fn read(response: &mut Response, ok: bool) -> Result<Vec<u8>, Failure> {
    let most = if ok { MOST_BYTES } else { MOST_ERROR_BYTES };
    if ok && response.content_length().is_some_and(|length| length > MOST_BYTES as u64) {
        return Err(Failure::TooLong);
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            // Of an error the status is enough.
            Err(_) if !ok => return Ok(body),
            Err(error) => return Err(Failure::NoReply(reason(&error))),
        }
        if body.len() > most {
            if ok {
                return Err(Failure::TooLong);
            }
            body.truncate(most);
            return Ok(body);
        }
    }
}

fn client(tls: bool) -> Result<Client, String> {
    // A second installation is refused, and as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .redirect(Policy::none())
        .user_agent(concat!("nikita-jobs/", env!("CARGO_PKG_VERSION")));
    if !tls {
        // A local server without TLS needs no certificates, on a machine that may have none.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| {
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            why = next.to_string();
            cause = next.source();
        }
        format!("no TLS client can be set up ({why}); are the system's CA certificates installed?")
    })
}

/// Why there is no reply, in words that hold neither address nor key.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut cause = beneath(error);
    while let Some(next) = cause {
        if next.is::<rustls::Error>() {
            return "TLS failed; is its certificate known to this host?";
        }
        match next.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return "connection refused",
            Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => return "connection closed",
            Some(ErrorKind::TimedOut) => return "no connection in time",
            _ => cause = beneath(next),
        }
    }
    if error.is_timeout() {
        "no connection in time"
    } else if error.is_dns() {
        "its name is not known"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the reply broke off"
    }
}

/// What an error wraps. The source of an I/O error is not what it wraps but that one's source.
fn beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
