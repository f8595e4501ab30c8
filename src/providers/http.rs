//! One HTTP request, independent of the vendor: a connect timeout of 5 s, rustls with the platform's root certificates, proxies by
//! the usual variables, no redirects (they would forward the key), at most 16 MiB of response.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::retry_after;
use crate::clock;

/// The connect timeout (spec 05).
const CONNECT: Duration = Duration::from_secs(5);
/// The longest response (spec 05).
pub const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How much of an error's body is read: it can quote a whole request, with all its text escaped.
const MOST_ERROR_BYTES: usize = 2 * 1024 * 1024;

/// A client that is created at its first use, so that a run without work loads no certificates.
#[derive(Debug, Default)]
pub struct Http {
    client: OnceLock<Result<Client, String>>,
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// The body; for an error its first 2 MiB.
    pub body: Vec<u8>,
}

/// Why there is no usable response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No client can be created, with the reason.
    NoClient(String),
    /// No response, with the reason but without the address.
    NoReply(&'static str),
    /// The response is longer than [`MOST_BYTES`].
    TooLong,
}

impl Http {
    /// Posts a JSON body and reads the response. Dropping the future closes the connection.
    ///
    /// # Errors
    /// [`Failure`]; an error status is not a failure.
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
            // For an error the status is enough.
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
    // Fails if a provider is already installed, which is just as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .redirect(Policy::none())
        .user_agent(concat!("nikita-jobs/", env!("CARGO_PKG_VERSION")));
    if !tls {
        // A server without TLS needs no certificates, and the machine might have none.
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

/// Why there is no response, without address and key.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut cause = beneath(error);
    while let Some(next) = cause {
        if next.is::<rustls::Error>() {
            return "TLS failed; does this host trust its certificate?";
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
        "unknown host name"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the response ended early"
    }
}

/// The wrapped error. For an I/O error, `source` would skip one level.
fn beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
