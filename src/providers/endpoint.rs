//! A provider's endpoint: asks until there is an answer, the table of spec 05 says no, or the time is over.

use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::http::{Failure, Http, Reply};
use super::pace::Pace;
use super::remote::{Attempt, Port, Remote};
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::redact::redact;
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

/// An address with a key.
#[derive(Debug)]
pub struct Endpoint {
    vendor: Vendor,
    base: String,
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
        let base = base.unwrap_or(vendor.default_url()).trim().trim_end_matches('/').to_owned();
        let host = check_base(&base).map_err(|why| format!("{} {why}", vendor.url_variable()))?;
        if vendor == Vendor::Anthropic && base.ends_with("/v1") {
            return Err(format!("{} ends with /v1, which is added to it: leave it out", vendor.url_variable()));
        }
        let headers = headers(vendor, key.as_ref())?;
        let pace = patience.per_minute.map(Pace::new);
        let remote = Remote::new(port, vendor.name(), host, model.to_owned());
        Ok(Self { vendor, base, headers, key, patience, pace, http: Http::default(), remote })
    }

    /// Who it is, and the gate before it.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Posts to a path of the endpoint and gives the JSON of a successful reply. `private` is the conversation's text in it,
    /// which no error may repeat. Nothing is waited for that would outlive `deadline`.
    ///
    /// # Errors
    /// [`NoAnswer`] by spec 05's table.
    pub async fn post(&self, path: &str, body: &Value, private: &str, deadline: Instant) -> Result<Value, NoAnswer> {
        let deadline = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let url = Url::parse(&format!("{}{path}", self.base));
        let url = url.map_err(|_| NoAnswer::Configuration(format!("{} is no URL", self.vendor.url_variable())))?;
        let mut retries = 0;
        loop {
            let (attempt, posted) = self.once(&url, body, deadline).await?;
            let (trouble, what) = match posted {
                Ok(reply) if (200..300).contains(&reply.status) => {
                    attempt.answered();
                    return serde_json::from_slice(&reply.body).map_err(|_| {
                        NoAnswer::InvalidReply(format!("{} did not answer with JSON", self.vendor.name()))
                    });
                }
                Ok(reply) => {
                    let said = ErrorBody::read(&reply.body, self.key.as_ref(), private);
                    let spent = said.tells_of_money(reply.status);
                    (Trouble::Status { code: reply.status, retry_after: reply.retry_after, spent }, said)
                }
                Err(why) => (Trouble::NoReply, ErrorBody { kind: String::new(), message: why.to_owned() }),
            };
            let left = deadline.saturating_duration_since(clock::start());
            let verdict = decide(trouble, retries, left, self.patience.backoff, clock::chance());
            match (verdict, trouble) {
                (Verdict::Refused | Verdict::Misconfigured, _) => attempt.answered(),
                (Verdict::Again(_), Trouble::Status { code: 429, .. }) => attempt.throttled(),
                (Verdict::Again(_) | Verdict::Unavailable, _) => attempt.unavailable(),
            }
            match verdict {
                // Others have found the same: the breaker spares it the next tries.
                Verdict::Again(_) if self.remote.is_open() => {
                    return Err(NoAnswer::Unavailable(self.outcome(trouble, &what)));
                }
                Verdict::Again(pause) => {
                    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    let outcome = self.outcome(trouble, &what);
                    tracing::info!(provider = self.vendor.name(), outcome, pause_ms, "no answer, asking again");
                    tokio::time::sleep(pause).await;
                    if self.remote.is_open() {
                        return Err(NoAnswer::Unavailable(self.outcome(trouble, &what)));
                    }
                    retries += 1;
                }
                Verdict::Unavailable => return Err(NoAnswer::Unavailable(self.outcome(trouble, &what))),
                Verdict::Refused => {
                    let outcome = self.outcome(trouble, &what);
                    return Err(NoAnswer::Refused(format!("{outcome}: {}", what.message)));
                }
                Verdict::Misconfigured => return Err(NoAnswer::Configuration(self.advice(trouble, &what))),
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

    /// What happened, without the provider's own words.
    fn outcome(&self, trouble: Trouble, said: &ErrorBody) -> String {
        let name = self.vendor.name();
        match trouble {
            Trouble::NoReply => format!("{name}: {}", said.message),
            Trouble::Status { code, spent: true, .. } => {
                format!("{name} answered {code}{}: the account's credit or spending limit is used up", said.kind())
            }
            Trouble::Status { code, .. } => format!("{name} answered {code}{}", said.kind()),
        }
    }

    /// What to do about a status that the settings have caused. The provider's words are left out: some quote the key.
    fn advice(&self, trouble: Trouble, said: &ErrorBody) -> String {
        let (outcome, vendor) = (self.outcome(trouble, said), self.vendor);
        let Trouble::Status { code, .. } = trouble else { return outcome };
        let (key, url) = (vendor.key_variable(), vendor.url_variable());
        match code {
            401 if self.key.is_none() => format!("{outcome}: it wants a key, and {key} is not set"),
            401 => format!("{outcome}: the key in {key} is wrong or was withdrawn"),
            403 => format!("{outcome}: the key in {key} may not use this model"),
            404 => format!("{outcome}: it does not know the model, or {url} is wrong"),
            300..=399 => format!("{outcome}: a redirect, which is not followed; {url} must name the final address"),
            _ => format!("{outcome}: is {url} the address of such a server?"),
        }
    }
}

/// What a provider says of an error, in a form that may be kept.
struct ErrorBody {
    /// Its type and code, as words of the API.
    kind: String,
    message: String,
}

impl ErrorBody {
    /// Both vendors send `{"error": {"type", "code", "message"}}`; compatible servers also `{"error": "…"}`,
    /// `{"message": "…"}` or `{"detail": "…"}`.
    fn read(body: &[u8], key: Option<&SecretString>, private: &str) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let words: Vec<_> = ["type", "code"].iter().filter_map(|field| word(&error[*field])).collect();
        let kind = if words.first() == words.get(1) { words.first().cloned() } else { Some(words.join(", ")) };
        let texts = [&error["message"], error, &body["message"], &body["detail"]];
        let message = texts.into_iter().find_map(Value::as_str).unwrap_or("it does not say why");
        let key = key.map(ExposeSecret::expose_secret).unwrap_or_default();
        Self { kind: kind.unwrap_or_default(), message: redact(message, &[key], private) }
    }

    fn kind(&self) -> String {
        if self.kind.is_empty() { String::new() } else { format!(" ({})", self.kind) }
    }

    /// Whether the account is out of money, which waiting does not mend and no conversation is to blame for. Anthropic says
    /// so by a 400, too.
    fn tells_of_money(&self, status: u16) -> bool {
        let kinds = ["insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active"];
        let phrases = ["credit balance is too low", "api usage limits", "exceeded your current quota", "spend limit"];
        let message = self.message.to_lowercase();
        status == 402
            || matches!(status, 400 | 429)
                && (kinds.iter().any(|kind| self.kind.contains(kind))
                    || phrases.iter().any(|phrase| message.contains(phrase)))
    }
}

/// A word of the API, such as `overloaded_error`; none where it is anything else.
fn word(value: &Value) -> Option<String> {
    let word = value.as_str()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (!word.is_empty() && word.len() <= 60 && word.bytes().all(plain)).then(|| word.to_owned())
}

/// Checks a base URL; its host, with the port where one is named.
fn check_base(base: &str) -> Result<String, &'static str> {
    let url = Url::parse(base).map_err(|_| "is not a URL such as https://host/path")?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err("is not a URL that begins with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or a password: keys have variables of their own");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a ? or a # in it, and paths are added to its end");
    }
    let host = url.host_str().unwrap_or_default();
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn headers(vendor: Vendor, key: Option<&SecretString>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if vendor == Vendor::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    if let Some(key) = key {
        let (name, text) = match vendor {
            Vendor::Anthropic => (HeaderName::from_static("x-api-key"), key.expose_secret().to_owned()),
            Vendor::OpenAi => (AUTHORIZATION, format!("Bearer {}", key.expose_secret())),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            format!("{} holds a character that no key has, such as a line break", vendor.key_variable())
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}
