//! Asks a server as it wants to be asked (spec 05).
//!
//! ```text
//!   refused ─▶ about a field of ours? ─yes─▶ asked otherwise, by one task at a time ─▶ answered: so from now on
//!                │ no, or it stays                                                     └ the same again: forgotten
//!                ▼
//!              one harmless question of the same form, once a run ─▶ answered: it is this one's
//!                                                                  └ refused: it is everybody's, 78
//! ```

use std::time::Instant;

use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use super::endpoint::{Endpoint, Request, Stop, Tries};
use super::remote::Remote;
use crate::core::ask::NoAnswer;
use crate::core::manner::{Limits, Manner, Sent, Topic, topic};
use crate::core::refusal::{Meaning, Refusal};

/// The most adaptations to a server in one run (spec 05).
pub const MOST_LESSONS: u32 = 6;

/// A server and what is known of its habits.
#[derive(Debug)]
pub struct Asker {
    endpoint: Endpoint,
    /// What the user has set.
    pub limits: Limits,
    /// How many adaptations are left. Who learns holds it.
    lessons: Mutex<u32>,
    probed: OnceCell<Probed>,
}

/// What became of the harmless question.
#[derive(Clone, Debug)]
pub enum Probed {
    /// It was answered: what is refused is refused for its own sake.
    Answered,
    /// It was not: the error that everybody shares.
    No(NoAnswer),
}

/// A question in whatever manner.
pub struct Asking<'a> {
    /// The path below the server's address.
    pub path: &'static str,
    /// Makes the request's body.
    pub build: &'a (dyn Fn(&Manner) -> Value + Sync),
    /// The tokens of its transcript, if it has one that may be shortened.
    pub transcript: Option<u32>,
    /// Nothing is waited for that would outlive it.
    pub deadline: Instant,
    /// How trouble that passes is met.
    pub tries: Tries,
}

impl Asker {
    /// A server that nothing is known of yet.
    #[must_use]
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Self { endpoint, limits, lessons: Mutex::new(MOST_LESSONS), probed: OnceCell::new() }
    }

    /// Who it is, and the gate before it.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        self.endpoint.remote()
    }

    /// Asks, and learns how; the reply, and in which manner it was got.
    ///
    /// # Errors
    /// [`Stop`]; what is refused has no remedy that is known.
    pub async fn ask(&self, asking: &Asking<'_>) -> Result<(Value, Manner), Stop> {
        loop {
            let manner = self.remote().manner();
            let refusal = match self.post(asking, &manner).await {
                Err(Stop::Refused(refusal)) => refusal,
                other => return other.map(|reply| (reply, manner)),
            };
            let mut left = self.lessons.lock().await;
            // Another task may have learnt the same meanwhile.
            if self.remote().manner() == manner {
                return self.learn(asking, manner, refusal, &mut left).await;
            }
        }
    }

    async fn learn(
        &self,
        asking: &Asking<'_>,
        mut manner: Manner,
        mut refusal: Refusal,
        left: &mut u32,
    ) -> Result<(Value, Manner), Stop> {
        let mut steps: Vec<(Topic, Manner)> = Vec::new();
        while *left > 0 && may_be_a_field(&refusal) {
            let body = (asking.build)(&manner);
            let sent = Sent { body: &body, transcript: asking.transcript, limits: self.limits };
            let Some((topic, next)) = manner.learn(&refusal, sent) else { break };
            *left -= 1;
            tracing::info!(provider = %self.remote(), refused = ?topic, "a part of the request is refused, asking otherwise");
            steps.push((topic, std::mem::replace(&mut manner, next)));
            match self.post(asking, &manner).await {
                Ok(reply) => {
                    self.remote().adopt(manner.clone());
                    return Ok((reply, manner));
                }
                Err(Stop::Refused(again)) => refusal = again,
                Err(stop) => {
                    // Nothing is known of the last step; those before it were no longer complained of.
                    self.remote().adopt(steps.pop().map_or(manner, |(_, before)| before));
                    return Err(stop);
                }
            }
        }
        // What did not stop the complaint is no lesson: each step whose own request the last refusal speaks of, too.
        let is_idle = |step: &mut (Topic, Manner)| {
            let body = (asking.build)(&step.1);
            let sent = Sent { body: &body, transcript: asking.transcript, limits: self.limits };
            topic(&refusal, sent) == Some(step.0)
        };
        while let Some((_, before)) = steps.pop_if(is_idle) {
            manner = before;
        }
        self.remote().adopt(manner);
        Err(Stop::Refused(refusal))
    }

    /// Asks once, in this manner.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn post(&self, asking: &Asking<'_>, manner: &Manner) -> Result<Value, Stop> {
        let body = (asking.build)(manner);
        let Asking { path, deadline, tries, .. } = *asking;
        self.endpoint.post(Request { path, body: &body, deadline, tries }).await
    }

    /// What is to be said of a refusal that stays, after a harmless question of the same form; none where the question was that itself.
    #[must_use]
    pub fn verdict(&self, refusal: &Refusal, private: &str, probed: Option<Probed>) -> NoAnswer {
        let probed = probed.unwrap_or_else(|| self.judged(Err(Stop::Refused(refusal.clone()))));
        match (probed, refusal.meaning()) {
            _ if is_final(refusal) => NoAnswer::Configuration(self.endpoint.advice(refusal)),
            (Probed::No(why), _) => why,
            (Probed::Answered, Meaning::TurnedAway) => NoAnswer::TurnedAway(self.endpoint.quoted(refusal, private)),
            (Probed::Answered, _) => NoAnswer::Refused(self.endpoint.quoted(refusal, private)),
        }
    }

    /// The outcome of the harmless question: asked by the first who wants to know, once a run.
    pub async fn probed<F>(&self, probe: F) -> Probed
    where
        F: Future<Output = Probed>,
    {
        self.probed.get_or_init(|| probe).await.clone()
    }

    /// Whether the harmless question was asked already.
    #[must_use]
    pub fn has_probed(&self) -> bool {
        self.probed.initialized()
    }

    /// What the reply to a harmless question shows.
    #[must_use]
    pub fn judged(&self, reply: Result<(), Stop>) -> Probed {
        Probed::No(match reply {
            Ok(()) | Err(Stop::No(NoAnswer::InvalidReply(_))) => return Probed::Answered,
            Err(Stop::No(why)) => why,
            Err(Stop::Failed(why)) => NoAnswer::Unavailable(why),
            // Nobody but us has written the question, so its words can be believed.
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

/// Whether another manner may mend it: not a wrong key or address. A 404 may: `OpenRouter` says so where no server behind it takes all
/// that is asked (openstory-so/openstory#1302). It stays what it is where that was not the reason.
fn may_be_a_field(refusal: &Refusal) -> bool {
    !is_final(refusal) || refusal.status == 404 && !refusal.is_about_the_model()
}

/// Whether neither another manner nor another question can mend it.
pub(super) fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal.meaning(), Meaning::Key | Meaning::Model | Meaning::Address)
}
