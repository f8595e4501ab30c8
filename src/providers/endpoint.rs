//! A provider's endpoint: retries until there is an answer, spec 05's table says stop, or the deadline comes.

use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::address::{Address, NO_END};
use super::body::{self, Body};
use super::http::{Failure, Http, Reply};
use super::pace::Pace;
use super::remote::{Attempt, Port, Remote};
use super::vendor::Vendor;
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::provider_error::{ErrorClass, ProviderError};
use crate::core::redact::redact;
use crate::core::retry::{FailedTry, Verdict, decide};

/// How long before its deadline a wait is abandoned, so that the caller still has time to react.
pub(super) const MARGIN: Duration = Duration::from_millis(100);

/// The timeouts and the rate of requests to an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first pause before a retry; it doubles with each retry.
    pub backoff: Duration,
    /// The timeout of one request; `None` for all the time that is left.
    pub request: Option<Duration>,
    /// The most requests a minute.
    pub per_minute: Option<u32>,
}

/// How temporary errors are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// Retry as long as there is time.
    Insist,
    /// The same after one failed try.
    InsistAgain,
    /// Try once.
    Once,
    /// Retry as long as there is time, but not after a 5xx: return it, and do not count it for the circuit breaker.
    Quietly,
    /// The same after one failed try.
    QuietlyAgain,
}

impl Tries {
    const fn is_quiet(self) -> bool {
        matches!(self, Self::Quietly | Self::QuietlyAgain)
    }
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The path below the endpoint's address.
    pub path: &'static str,
    /// Its body.
    pub body: &'a Value,
    /// No wait or retry goes past it.
    pub deadline: Instant,
    /// How temporary errors are handled.
    pub tries: Tries,
    /// How long the caller has waited for other requests. If that is longer than the time that is left, a timeout does not count for the
    /// circuit breaker.
    pub waited: Duration,
}

/// Why there is no reply.
#[derive(Debug)]
pub enum Stop {
    /// There will be no answer to this question.
    No(NoAnswer),
    /// The request is refused. It can be adapted, and compared with a harmless one.
    Refused(ProviderError),
    /// A 5xx that has not counted for the circuit breaker yet.
    Failed(String),
}

impl From<NoAnswer> for Stop {
    fn from(no: NoAnswer) -> Self {
        Self::No(no)
    }
}

/// An address with a key.
#[derive(Debug)]
pub struct Endpoint {
    vendor: Vendor,
    address: Address,
    headers: HeaderMap,
    key: Option<SecretString>,
    patience: Patience,
    pace: Option<Pace>,
    http: Http,
    remote: Remote,
}

impl Endpoint {
    /// A vendor's endpoint, at its default address or at `base`.
    ///
    /// # Errors
    /// The error names the invalid variable and never quotes its value.
    pub fn new(
        vendor: Vendor,
        (port, model): (Port, &str),
        base: Option<&str>,
        key: Option<SecretString>,
        patience: Patience,
    ) -> Result<Self, String> {
        let base = base.unwrap_or(vendor.default_url()).trim();
        let address = Address::read(base).map_err(|why| format!("{} {why}", vendor.url_variable()))?;
        if vendor == Vendor::Anthropic && address.path().ends_with("/v1") {
            return Err(format!("{} ends with /v1, which is appended anyway; remove it", vendor.url_variable()));
        }
        if vendor == Vendor::Anthropic && address.has_query() {
            return Err(format!("{} {NO_END}", vendor.url_variable()));
        }
        let headers = address.headers(vendor, key.as_ref())?;
        let pace = patience.per_minute.map(Pace::new);
        let remote = Remote::new(port, vendor.name(), address.host(), address.path().to_owned(), model.to_owned());
        Ok(Self { vendor, address, headers, key, patience, pace, http: Http::default(), remote })
    }

    /// The server, with its circuit breaker.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Posts a request and returns the JSON of the response.
    ///
    /// # Errors
    /// [`Stop`] by spec 05's table.
    pub async fn post(&self, request: Request<'_>) -> Result<Value, Stop> {
        let deadline = request.deadline.checked_sub(MARGIN).unwrap_or(request.deadline);
        let url = self.address.with(request.path);
        let mut retries = 0;
        if matches!(request.tries, Tries::InsistAgain | Tries::QuietlyAgain) {
            let left = deadline.saturating_duration_since(clock::start());
            match decide(FailedTry::NoReply, 0, left, self.patience.backoff, clock::chance()) {
                Verdict::Again(pause) => tokio::time::sleep(pause).await,
                _ => return Err(NoAnswer::Unavailable(format!("{} failed", self.vendor.name())).into()),
            }
            retries = 1;
        }
        loop {
            let (attempt, posted) = self.once(&url, &request, deadline).await?;
            let told = match posted {
                Ok(reply) => match read(&reply) {
                    Ok(value) => {
                        attempt.answered();
                        return Ok(value);
                    }
                    Err(Unread::Told(refusal)) => Ok(refusal),
                    Err(Unread::Broken) => {
                        attempt.answered();
                        let why = format!("{} did not answer with JSON", self.vendor.name());
                        return Err(NoAnswer::InvalidReply(why).into());
                    }
                    Err(Unread::Foreign) => Err("an empty response, or an HTML page"),
                },
                Err(why) => Err(why),
            };
            let trouble = told.as_ref().map_or(FailedTry::NoReply, |refusal| FailedTry::ErrorResponse {
                class: refusal.class(),
                retry_after: refusal.retry_after,
            });
            let outcome = told
                .as_ref()
                .map_or_else(|why| format!("{}: {why}", self.vendor.name()), |refusal| self.outcome(refusal));
            if request.tries.is_quiet() && !self.remote.standing().open && is_failure(&told) {
                attempt.throttled();
                return Err(Stop::Failed(outcome));
            }
            let left = deadline.saturating_duration_since(clock::start());
            let verdict = match decide(trouble, retries, left, self.patience.backoff, clock::chance()) {
                Verdict::Again(_) if request.tries == Tries::Once => Verdict::Unavailable,
                verdict => verdict,
            };
            match (verdict, trouble) {
                (Verdict::Refused | Verdict::Misconfigured, _) => attempt.answered(),
                (Verdict::Again(_), FailedTry::ErrorResponse { class: ErrorClass::Throttled, .. }) => {
                    attempt.throttled();
                }
                (Verdict::Again(_) | Verdict::Unavailable, _) => attempt.unavailable(),
            }
            match (verdict, told) {
                // Other tasks' failures have opened the breaker meanwhile.
                (Verdict::Again(_), _) if self.remote.is_open() => return Err(NoAnswer::Unavailable(outcome).into()),
                (Verdict::Again(pause), _) => {
                    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(provider = self.vendor.name(), outcome, pause_ms, "no answer, retrying");
                    tokio::time::sleep(pause).await;
                    if self.remote.is_open() {
                        return Err(NoAnswer::Unavailable(outcome).into());
                    }
                    retries += 1;
                }
                (Verdict::Unavailable, _) | (_, Err(_)) => return Err(NoAnswer::Unavailable(outcome).into()),
                (Verdict::Refused | Verdict::Misconfigured, Ok(refusal)) => return Err(Stop::Refused(refusal)),
            }
        }
    }

    /// Sends one request in its turn, if the breaker admits it. The caller settles the attempt. The inner error says why there was no
    /// response.
    async fn once(
        &self,
        url: &Url,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<(Attempt<'_>, Result<Reply, &'static str>), NoAnswer> {
        let begun = clock::start();
        if let Some(pace) = &self.pace
            && !pace.turn(deadline).await
        {
            let name = self.vendor.name();
            return Err(NoAnswer::Unavailable(format!("the requests-per-minute limit for {name} leaves no time")));
        }
        let waited = request.waited + begun.elapsed();
        let left = deadline.saturating_duration_since(clock::start());
        let late = || NoAnswer::Unavailable(format!("{}: too little time was left", self.vendor.name()));
        if left.is_zero() {
            return Err(late());
        }
        let attempt = self.remote.admit(deadline)?;
        let time = self.patience.request.map_or(left, |request| request.min(left));
        let posted = self.http.post(url.clone(), self.headers.clone(), request.body.to_string().into_bytes());
        match tokio::time::timeout(time, posted).await {
            Ok(Ok(reply)) => Ok((attempt, Ok(reply))),
            Ok(Err(Failure::NoReply(why))) => Ok((attempt, Err(why))),
            Ok(Err(Failure::TooLong)) => {
                let name = self.vendor.name();
                Err(NoAnswer::InvalidReply(format!("the reply of {name} is longer than 16 MiB")))
            }
            Ok(Err(Failure::NoClient(why))) => Err(NoAnswer::Configuration(why)),
            Err(_) if time == left && waited > left => {
                attempt.throttled();
                Err(late())
            }
            Err(_) => Ok((attempt, Err("no answer in time"))),
        }
    }

    /// The type and the code, in parentheses, unless the server has put our key there.
    fn kind(&self, told: &ProviderError) -> String {
        let key = self.key.as_ref().map(|key| key.expose_secret().to_lowercase()).filter(|key| !key.is_empty());
        let secret = |kind: &&String| key.as_ref().is_some_and(|key| kind.contains(key)) || kind.contains("sk-");
        let kinds: Vec<&str> = told.kinds.iter().filter(|kind| !secret(kind)).take(2).map(String::as_str).collect();
        if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) }
    }

    /// The error, without the provider's message.
    fn outcome(&self, told: &ProviderError) -> String {
        let (name, code, kind) = (self.vendor.name(), told.status, self.kind(told));
        match told.class() {
            ErrorClass::Spent => {
                format!("{name} answered {code}{kind}: the account's credit or spending limit is used up")
            }
            _ => format!("{name} answered {code}{kind}"),
        }
    }

    /// The error, with the provider's redacted message.
    #[must_use]
    pub fn quoted(&self, told: &ProviderError, private: &str) -> String {
        let key = self.key.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        format!("{}: {}", self.outcome(told), redact(&told.message, &[key], private))
    }

    /// The error and the advice for an unknown model.
    #[must_use]
    pub fn unknown_model(&self, told: &ProviderError) -> String {
        format!("{}: it does not know the model, or {} is wrong", self.outcome(told), self.vendor.url_variable())
    }

    /// The error and the advice for a wrong setting, without the provider's message, because some quote the key.
    #[must_use]
    pub fn advice(&self, told: &ProviderError) -> String {
        let (outcome, vendor) = (self.outcome(told), self.vendor);
        let (key, url) = (vendor.key_variable(), vendor.url_variable());
        match told.class() {
            ErrorClass::Key if self.key.is_none() => format!("{outcome}: it requires a key, but {key} is not set"),
            ErrorClass::Key => format!("{outcome}: the key in {key} is wrong or revoked"),
            ErrorClass::Model => self.unknown_model(told),
            ErrorClass::TurnedAway if told.status == 403 => {
                format!("{outcome}: the key in {key} may not use this model")
            }
            ErrorClass::Refused | ErrorClass::TurnedAway => {
                format!(
                    "{outcome}, also to a harmless question of the same form: the model or the server does not support it"
                )
            }
            _ if (300..400).contains(&told.status) => {
                format!("{outcome}: a redirect, which is not followed; {url} must name the final address")
            }
            _ => format!("{outcome}: is {url} the address of such a server?"),
        }
    }
}

/// Why a response has no answer.
enum Unread {
    Told(ProviderError),
    Broken,
    Foreign,
}

/// The JSON of a successful response. Errors can also be in a 200 response.
fn read(reply: &Reply) -> Result<Value, Unread> {
    let body = body::read(&reply.body);
    if !(200..300).contains(&reply.status) {
        let value = if let Body::Json(value) = body { value } else { plain(&reply.body) };
        return Err(Unread::Told(ProviderError::read(reply.status, &value, reply.retry_after)));
    }
    match body {
        Body::Json(value) => match ProviderError::hidden_in(&value, reply.retry_after) {
            Some(refusal) => Err(Unread::Told(refusal)),
            None => Ok(value),
        },
        Body::Broken => Err(Unread::Broken),
        Body::Foreign => Err(Unread::Foreign),
    }
}

/// An error that is not JSON, or was cut off: its text, unless that is a page.
fn plain(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') { Value::Null } else { Value::String(text.to_owned()) }
}

/// Whether it is a 5xx of the server's own.
fn is_failure(told: &Result<ProviderError, &'static str>) -> bool {
    told.as_ref().is_ok_and(|it| (500..600).contains(&it.status) && it.class() == ErrorClass::Passing)
}
