//! A provider's endpoint: asks until there is an answer, the table of spec 05 says no, or the time is over.

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
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::redact::redact;
use crate::core::refusal::{Meaning, Refusal};
use crate::core::retry::{Trouble, Verdict, decide};

/// So long before a deadline a request is given up, so that who asked can still do something about it.
const MARGIN: Duration = Duration::from_millis(100);

/// Who speaks which wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// The Messages API.
    Anthropic,
    /// Chat Completions and Embeddings, of `OpenAI` or of a compatible server.
    OpenAi,
}

impl Vendor {
    /// Its name in errors and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "Anthropic",
            Self::OpenAi => "OpenAI",
        }
    }

    /// The variable that holds its key.
    #[must_use]
    pub const fn key_variable(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC_API_KEY",
            Self::OpenAi => "OPENAI_API_KEY",
        }
    }

    /// The variable that holds its address.
    #[must_use]
    pub const fn url_variable(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC_BASE_URL",
            Self::OpenAi => "OPENAI_BASE_URL",
        }
    }

    const fn default_url(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::OpenAi => "https://api.openai.com/v1",
        }
    }
}

/// How often and how long an endpoint is asked.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first pause before a retry; the next ones double it.
    pub backoff: Duration,
    /// The longest one request may take; none for all the time that is left.
    pub request: Option<Duration>,
    /// The most requests a minute.
    pub per_minute: Option<u32>,
}

/// How trouble that passes is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// It is waited out as long as there is time.
    Insist,
    /// The same, and one try has failed already.
    InsistAgain,
    /// There is one try.
    Once,
    /// There is one try, and the circuit hears nothing of a 5xx.
    Quietly,
}

/// How a request is made.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The path below the endpoint's address.
    pub path: &'static str,
    /// Its body.
    pub body: &'a Value,
    /// Nothing is waited for that would outlive it.
    pub deadline: Instant,
    /// How trouble that passes is met.
    pub tries: Tries,
}

/// Why there is no reply.
#[derive(Debug)]
pub enum Stop {
    /// For good, as far as this question goes.
    No(NoAnswer),
    /// The request is refused: it may be asked otherwise, and held against a harmless one.
    Refused(Refusal),
    /// A 5xx that the circuit does not know of yet.
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
    /// An endpoint of a vendor's, at its own address or at `base`.
    ///
    /// # Errors
    /// A sentence that names the variable whose value is wrong, and never quotes it.
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
            return Err(format!("{} ends with /v1, which is added to it: leave it out", vendor.url_variable()));
        }
        if vendor == Vendor::Anthropic && address.has_query() {
            return Err(format!("{} {NO_END}", vendor.url_variable()));
        }
        let headers = address.headers(vendor, key.as_ref())?;
        let pace = patience.per_minute.map(Pace::new);
        let remote = Remote::new(port, vendor.name(), address.host(), address.path().to_owned(), model.to_owned());
        Ok(Self { vendor, address, headers, key, patience, pace, http: Http::default(), remote })
    }

    /// Who it is, and the gate before it.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Posts, and gives the JSON of a reply that is one.
    ///
    /// # Errors
    /// [`Stop`] by spec 05's table.
    pub async fn post(&self, request: Request<'_>) -> Result<Value, Stop> {
        let deadline = request.deadline.checked_sub(MARGIN).unwrap_or(request.deadline);
        let url = self.address.with(request.path);
        let mut retries = 0;
        if request.tries == Tries::InsistAgain {
            let left = deadline.saturating_duration_since(clock::start());
            match decide(Trouble::NoReply, 0, left, self.patience.backoff, clock::chance()) {
                Verdict::Again(pause) => tokio::time::sleep(pause).await,
                _ => return Err(NoAnswer::Unavailable(format!("{} failed", self.vendor.name())).into()),
            }
            retries = 1;
        }
        loop {
            let (attempt, posted) = self.once(&url, request.body, deadline).await?;
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
                    Err(Unread::Foreign) => Err("an empty answer, or a page for people"),
                },
                Err(why) => Err(why),
            };
            let trouble = told.as_ref().map_or(Trouble::NoReply, |refusal| Trouble::Told {
                meaning: refusal.meaning(),
                retry_after: refusal.retry_after,
            });
            let outcome = told
                .as_ref()
                .map_or_else(|why| format!("{}: {why}", self.vendor.name()), |refusal| self.outcome(refusal));
            if request.tries == Tries::Quietly && !self.remote.standing().open && is_failure(&told) {
                attempt.throttled();
                return Err(Stop::Failed(outcome));
            }
            let left = deadline.saturating_duration_since(clock::start());
            let verdict = match decide(trouble, retries, left, self.patience.backoff, clock::chance()) {
                Verdict::Again(_) if matches!(request.tries, Tries::Once | Tries::Quietly) => Verdict::Unavailable,
                verdict => verdict,
            };
            match (verdict, trouble) {
                (Verdict::Refused | Verdict::Misconfigured, _) => attempt.answered(),
                (Verdict::Again(_), Trouble::Told { meaning: Meaning::Throttled, .. }) => attempt.throttled(),
                (Verdict::Again(_) | Verdict::Unavailable, _) => attempt.unavailable(),
            }
            match (verdict, told) {
                // Others have found the same: the breaker spares it the next tries.
                (Verdict::Again(_), _) if self.remote.is_open() => return Err(NoAnswer::Unavailable(outcome).into()),
                (Verdict::Again(pause), _) => {
                    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(provider = self.vendor.name(), outcome, pause_ms, "no answer, asking again");
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

    /// One request in its turn, if the breaker admits it; what came of it is to be told to the attempt. The inner error is
    /// why there was no reply.
    async fn once(
        &self,
        url: &Url,
        body: &Value,
        deadline: Instant,
    ) -> Result<(Attempt<'_>, Result<Reply, &'static str>), NoAnswer> {
        if let Some(pace) = &self.pace
            && !pace.turn(deadline).await
        {
            let name = self.vendor.name();
            return Err(NoAnswer::Unavailable(format!("the requests-per-minute limit for {name} leaves no time")));
        }
        let attempt = self.remote.admit(deadline)?;
        let left = deadline.saturating_duration_since(clock::start());
        let time = self.patience.request.map_or(left, |request| request.min(left));
        let posted = self.http.post(url.clone(), self.headers.clone(), body.to_string().into_bytes());
        match tokio::time::timeout(time, posted).await {
            Ok(Ok(reply)) => Ok((attempt, Ok(reply))),
            Ok(Err(Failure::NoReply(why))) => Ok((attempt, Err(why))),
            Ok(Err(Failure::TooLong)) => {
                let name = self.vendor.name();
                Err(NoAnswer::InvalidReply(format!("the reply of {name} is longer than 16 MiB")))
            }
            Ok(Err(Failure::NoClient(why))) => Err(NoAnswer::Configuration(why)),
            Err(_) => Ok((attempt, Err("no answer in time"))),
        }
    }

    /// The type and the code, in parentheses; not where the server has put our key there.
    fn kind(&self, told: &Refusal) -> String {
        let key = self.key.as_ref().map(|key| key.expose_secret().to_lowercase()).filter(|key| !key.is_empty());
        let secret = |kind: &&String| key.as_ref().is_some_and(|key| kind.contains(key)) || kind.contains("sk-");
        let kinds: Vec<&str> = told.kinds.iter().filter(|kind| !secret(kind)).take(2).map(String::as_str).collect();
        if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) }
    }

    /// What happened, without the provider's own words.
    fn outcome(&self, told: &Refusal) -> String {
        let (name, code, kind) = (self.vendor.name(), told.status, self.kind(told));
        match told.meaning() {
            Meaning::Spent => {
                format!("{name} answered {code}{kind}: the account's credit or spending limit is used up")
            }
            _ => format!("{name} answered {code}{kind}"),
        }
    }

    /// What happened, with the provider's own words as far as they may be kept.
    #[must_use]
    pub fn quoted(&self, told: &Refusal, private: &str) -> String {
        let key = self.key.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        format!("{}: {}", self.outcome(told), redact(&told.message, &[key], private))
    }

    /// What to do about a model that it does not know.
    #[must_use]
    pub fn unknown_model(&self, told: &Refusal) -> String {
        format!("{}: it does not know the model, or {} is wrong", self.outcome(told), self.vendor.url_variable())
    }

    /// What to do about an error that the settings have caused. The provider's words are left out: some quote the key.
    #[must_use]
    pub fn advice(&self, told: &Refusal) -> String {
        let (outcome, vendor) = (self.outcome(told), self.vendor);
        let (key, url) = (vendor.key_variable(), vendor.url_variable());
        match told.meaning() {
            Meaning::Key if self.key.is_none() => format!("{outcome}: it wants a key, and {key} is not set"),
            Meaning::Key => format!("{outcome}: the key in {key} is wrong or was withdrawn"),
            Meaning::Model => self.unknown_model(told),
            Meaning::TurnedAway if told.status == 403 => format!("{outcome}: the key in {key} may not use this model"),
            Meaning::Refused | Meaning::TurnedAway => {
                format!(
                    "{outcome}, also to a harmless question of the same form: the model or the server does not take it"
                )
            }
            _ if (300..400).contains(&told.status) => {
                format!("{outcome}: a redirect, which is not followed; {url} must name the final address")
            }
            _ => format!("{outcome}: is {url} the address of such a server?"),
        }
    }
}

/// Why a reply is none.
enum Unread {
    Told(Refusal),
    Broken,
    Foreign,
}

/// The JSON of a good reply; errors also where they stand under a good status.
fn read(reply: &Reply) -> Result<Value, Unread> {
    let body = body::read(&reply.body);
    if !(200..300).contains(&reply.status) {
        let value = if let Body::Json(value) = body { value } else { Value::Null };
        return Err(Unread::Told(Refusal::read(reply.status, &value, reply.retry_after)));
    }
    match body {
        Body::Json(value) => match Refusal::hidden_in(&value, reply.retry_after) {
            Some(refusal) => Err(Unread::Told(refusal)),
            None => Ok(value),
        },
        Body::Broken => Err(Unread::Broken),
        Body::Foreign => Err(Unread::Foreign),
    }
}

/// A 5xx of the server's own.
fn is_failure(told: &Result<Refusal, &'static str>) -> bool {
    told.as_ref().is_ok_and(|it| (500..600).contains(&it.status) && it.meaning() == Meaning::Passing)
}
