//! Pings for a dead man's switch with the protocol of healthchecks.io (spec 06), which raises an alarm if no ping comes.
//!
//! ```text
//!   a run begins                         URL/start
//!   it did its work, or another run
//!   did it inside the window             URL         the result as body
//!   it failed, or gave something up      URL/fail    the result as body
//!   the lock is held, it is switched
//!   off, or a signal ended it            URL/log     the result as body: neither success nor failure
//! ```
//!
//! All have `?rid=`, with which the service pairs a start with its end. A ping is never fatal. The address is a secret and never
//! logged.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::Outcome;
use crate::domain::ids::ExecutionId;
use crate::providers::http::{Failure, Http};

/// The timeout of a ping, including retries (spec 06).
const CAP: Duration = Duration::from_secs(5);
/// The most retries (spec 06).
const RETRIES: u32 = 2;
/// The pause before the first retry; doubled before the second.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest body: healthchecks.io keeps 100 kB.
const MOST_BODY: usize = 100_000;

/// The pings of a run.
#[derive(Clone)]
pub struct Pings {
    http: Arc<Http>,
    url: Url,
}

impl Pings {
    /// Pings for one run.
    ///
    /// # Errors
    /// What is wrong with the address, without quoting it.
    pub fn new(url: &str, run: ExecutionId) -> Result<Self, String> {
        let mut url: Url = url.trim().parse().map_err(|error| format!("is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err("is not an http:// or https:// address".to_owned());
        }
        url.query_pairs_mut().append_pair("rid", &run.to_string());
        Ok(Self { http: Arc::default(), url })
    }

    /// Reports that the run begins.
    pub async fn start(&self) {
        self.send("/start", String::new()).await;
    }

    /// Reports the outcome; `result` is the output on stdout.
    pub async fn end(&self, outcome: Outcome, result: String) {
        self.send(suffix(outcome), result).await;
    }

    async fn send(&self, suffix: &'static str, mut body: String) {
        body.truncate(body.floor_char_boundary(MOST_BODY));
        let mut url = self.url.clone();
        url.set_path(&format!("{}{suffix}", url.path().trim_end_matches('/')));
        match tokio::time::timeout(CAP, self.tries(url, body)).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => tracing::warn!(ping = suffix, why, "ping failed"),
            Err(_) => tracing::warn!(ping = suffix, why = "no answer in time", "ping failed"),
        }
    }

    async fn tries(&self, url: Url, body: String) -> Result<(), String> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let mut pause = PAUSE;
        let mut tried = 0;
        loop {
            let why = match self.http.post(url.clone(), headers.clone(), body.clone().into_bytes()).await {
                Ok(reply) if (200..300).contains(&reply.status) => return Ok(()),
                // A retry would be refused too: the check does not exist, or is not ours.
                Ok(reply) if (400..500).contains(&reply.status) && reply.status != 429 => {
                    return Err(format!("status {}", reply.status));
                }
                Ok(reply) => format!("status {}", reply.status),
                Err(Failure::NoClient(why)) => return Err(why),
                Err(Failure::NoReply(why)) => why.to_owned(),
                Err(Failure::TooLong) => return Ok(()),
            };
            if tried == RETRIES {
                return Err(why);
            }
            tried += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

/// The path's suffix. Never the exit code, because the service counts 75 as a failure.
const fn suffix(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success | Outcome::Fresh => "",
        Outcome::Held | Outcome::Interrupted => "/log",
        Outcome::Partial | Outcome::Unavailable | Outcome::Failure => "/fail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_outcome_is_pinged_as_a_number() {
        for outcome in Outcome::ALL {
            assert!(["", "/log", "/fail"].contains(&suffix(outcome)), "{outcome:?}");
        }
        assert_eq!(Outcome::ALL.map(suffix), ["", "/fail", "", "/log", "/log", "/fail", "/fail"]);
    }
}
