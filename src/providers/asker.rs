//! Adapts requests to a server (spec 05).
//!
//! ```text
//!   refused ─▶ because of a field? ─yes─▶ change it and retry, one task at a time ─▶ answered: keep the change
//!                │ no, or still refused                                            └ the same refusal: undo it
//!                ▼
//!              one harmless question of the same form, once a run ─▶ answered: this request is refused
//!                                                                  └ refused: all requests are, 78
//! ```
//!
//! If the refusal may only quote the player, the harmless question is adapted instead, and the request is sent once more.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use super::endpoint::{Endpoint, MARGIN, Request, Stop, Tries};
use super::remote::Remote;
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::manner::{Limits, Manner, Sent, Topic, may_quote, topic};
use crate::core::provider_error::{ErrorClass, ProviderError};

/// The most adaptations to a server in one run (spec 05).
pub const MOST_LESSONS: u32 = 6;
/// How many of them must be left after one whose only reason may be a player's words: the harmless question has no such words.
const RESERVED: u32 = 3;

/// A server to which requests are adapted.
#[derive(Debug)]
pub struct Asker {
    endpoint: Endpoint,
    /// The limits from the settings.
    pub limits: Limits,
    /// How many adaptations are left. A task that adapts holds the lock.
    lessons: Mutex<u32>,
    probed: OnceCell<Probed>,
}

/// The outcome of the harmless question.
#[derive(Clone, Debug)]
pub enum Probed {
    /// It was answered, so a refused request is refused because of its own content.
    Answered,
    /// It was not answered, with an error that applies to all requests.
    No(NoAnswer),
}

/// A request that can be adapted.
pub struct Asking<'a> {
    /// The path below the server's address.
    pub path: &'static str,
    /// Builds the request's body.
    pub build: &'a (dyn Fn(&Manner) -> Value + Sync),
    /// The tokens of its transcript, if it has one that can be shortened.
    pub transcript: Option<u32>,
    /// The player's text in it.
    pub private: &'a str,
    /// No wait or retry goes past it.
    pub deadline: Instant,
    /// How temporary errors are handled.
    pub tries: Tries,
}

impl Asker {
    /// A server without adaptations.
    #[must_use]
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Self { endpoint, limits, lessons: Mutex::new(MOST_LESSONS), probed: OnceCell::new() }
    }

    /// The server, with its circuit breaker.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        self.endpoint.remote()
    }

    /// Sends the request and adapts it to refusals. Returns the reply, and the manner of the accepted request.
    ///
    /// # Errors
    /// [`Stop`]; for a refusal, no adaptation helped.
    pub async fn ask(&self, asking: &Asking<'_>) -> Result<(Value, Manner), Stop> {
        let mut waited = Duration::ZERO;
        loop {
            let manner = self.remote().manner();
            let refusal = match self.post(asking, &manner, waited).await {
                Err(Stop::Refused(refusal)) => refusal,
                other => return other.map(|reply| (reply, manner)),
            };
            let begun = clock::start();
            let mut left = self.in_time(asking.deadline, self.lessons.lock()).await?;
            waited += begun.elapsed();
            // Otherwise another task has adapted meanwhile: try again with its manner.
            if self.remote().manner() == manner {
                return self.learn(asking, manner, refusal, &mut left, waited).await;
            }
        }
    }

    async fn learn(
        &self,
        asking: &Asking<'_>,
        mut manner: Manner,
        mut refusal: ProviderError,
        left: &mut u32,
        waited: Duration,
    ) -> Result<(Value, Manner), Stop> {
        let mut steps: Vec<(Topic, Manner)> = Vec::new();
        while may_be_a_field(&refusal) {
            let body = (asking.build)(&manner);
            let sent = self.sent(asking, &body);
            let reserved = if may_quote(&refusal, sent) { RESERVED } else { 0 };
            if *left <= reserved {
                break;
            }
            let Some((topic, next)) = manner.learn(&refusal, sent) else { break };
            *left -= 1;
            tracing::info!(provider = %self.remote(), refused = ?topic, "part of the request refused, changing it");
            steps.push((topic, std::mem::replace(&mut manner, next)));
            match self.post(asking, &manner, waited).await {
                Ok(reply) => {
                    self.remote().adopt(manner.clone());
                    return Ok((reply, manner));
                }
                Err(Stop::Refused(again)) => refusal = again,
                Err(stop) => {
                    // The last change is untested. The changes before it worked: the server no longer complained about them.
                    self.remote().adopt(steps.pop().map_or(manner, |(_, before)| before));
                    return Err(stop);
                }
            }
        }
        // Undo the changes that did not help: those about which the last refusal still complains.
        let is_idle = |step: &mut (Topic, Manner)| {
            let body = (asking.build)(&step.1);
            topic(&refusal, self.sent(asking, &body)) == Some(step.0)
        };
        while let Some((_, before)) = steps.pop_if(is_idle) {
            manner = before;
        }
        self.remote().adopt(manner);
        Err(Stop::Refused(refusal))
    }

    /// Sends the harmless question and returns the reply. It is adapted only if the refusal of `asking` may quote the player, so that it
    /// taught nothing: the harmless question's can be trusted.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn ask_harmless(
        &self,
        harmless: &Asking<'_>,
        asking: &Asking<'_>,
        refusal: &ProviderError,
    ) -> Result<Value, Stop> {
        let manner = self.remote().manner();
        let body = (asking.build)(&manner);
        if may_quote(refusal, self.sent(asking, &body)) {
            return Box::pin(self.ask(harmless)).await.map(|(reply, _)| reply);
        }
        self.post(harmless, &manner, Duration::ZERO).await
    }

    /// Sends the request once, in this manner.
    async fn post(&self, asking: &Asking<'_>, manner: &Manner, waited: Duration) -> Result<Value, Stop> {
        let body = (asking.build)(manner);
        let Asking { path, deadline, tries, .. } = *asking;
        self.endpoint.post(Request { path, body: &body, deadline, tries, waited }).await
    }

    fn sent<'a>(&self, asking: &Asking<'a>, body: &'a Value) -> Sent<'a> {
        Sent { body, transcript: asking.transcript, private: asking.private, limits: self.limits }
    }

    /// Waits for another task, until shortly before the deadline.
    async fn in_time<T>(&self, deadline: Instant, wait: impl Future<Output = T>) -> Result<T, NoAnswer> {
        let end = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let late = |_| NoAnswer::Unavailable(format!("{}: another request took all the time", self.remote()));
        tokio::time::timeout_at(end.into(), wait).await.map_err(late)
    }

    /// The error for a refusal that no adaptation helped, given the outcome of the harmless question; `None` if the refused request was
    /// the harmless question.
    #[must_use]
    pub fn verdict(&self, refusal: &ProviderError, private: &str, probed: Option<Probed>) -> NoAnswer {
        let probed = probed.unwrap_or_else(|| self.judged(Err(Stop::Refused(refusal.clone()))));
        match (probed, refusal.class()) {
            _ if is_final(refusal) => NoAnswer::Configuration(self.endpoint.advice(refusal)),
            (Probed::No(why), _) => why,
            (Probed::Answered, ErrorClass::TurnedAway) => NoAnswer::TurnedAway(self.endpoint.quoted(refusal, private)),
            (Probed::Answered, _) => NoAnswer::Refused(self.endpoint.quoted(refusal, private)),
        }
    }

    /// The outcome of the harmless question, which the first caller asks, once per run. If the caller's time ends before it is answered,
    /// that tells the others nothing: the next one asks again, unless the wait has taken most of its time.
    pub async fn probed<F>(&self, deadline: Instant, probe: F) -> Probed
    where
        F: Future<Output = Probed>,
    {
        let begun = clock::start();
        let left = || deadline.saturating_duration_since(clock::start()).saturating_sub(MARGIN);
        let ask = async {
            if begun.elapsed() > left() {
                return Err(NoAnswer::Unavailable(format!("{}: another request took all the time", self.remote())));
            }
            match probe.await {
                Probed::No(why @ NoAnswer::Unavailable(_)) if left().is_zero() => Err(why),
                probed => Ok(probed),
            }
        };
        match self.in_time(deadline, self.probed.get_or_try_init(|| ask)).await {
            Ok(Ok(probed)) => probed.clone(),
            Ok(Err(why)) | Err(why) => Probed::No(why),
        }
    }

    /// Whether the harmless question was asked already.
    #[must_use]
    pub fn has_probed(&self) -> bool {
        self.probed.initialized()
    }

    /// Judges the reply to the harmless question.
    #[must_use]
    pub fn judged(&self, reply: Result<(), Stop>) -> Probed {
        Probed::No(match reply {
            Ok(()) | Err(Stop::No(NoAnswer::InvalidReply(_))) => return Probed::Answered,
            Err(Stop::No(why)) => why,
            Err(Stop::Failed(why)) => NoAnswer::Unavailable(why),
            // The question contains no player's text, so the error's wording can be trusted.
            Err(Stop::Refused(refusal)) if !is_final(&refusal) && refusal.speaks_of_money() => {
                let name = self.remote().vendor;
                let status = refusal.status;
                NoAnswer::Unavailable(format!(
                    "{name} answered {status}: the account's credit or spending limit is used up"
                ))
            }
            Err(Stop::Refused(refusal)) if !is_final(&refusal) && refusal.speaks_of_the_model() => {
                NoAnswer::Configuration(self.endpoint.unknown_model(&refusal))
            }
            Err(Stop::Refused(refusal)) => NoAnswer::Configuration(self.endpoint.advice(&refusal)),
        })
    }
}

/// Whether an adaptation can help: not for a wrong key or address. It can for a 404, because `OpenRouter` answers 404 if no server
/// behind it supports all fields (openstory-so/openstory#1302). If it does not help, the 404 keeps its meaning.
fn may_be_a_field(refusal: &ProviderError) -> bool {
    !is_final(refusal) || refusal.status == 404 && !refusal.is_about_the_model()
}

/// Whether neither an adaptation nor another question can help.
pub(super) fn is_final(refusal: &ProviderError) -> bool {
    matches!(refusal.class(), ErrorClass::Key | ErrorClass::Model | ErrorClass::Address)
}
