//! Sends a question to a language model in any wire format, adapted to the server. If it is refused, a harmless question shows whether
//! its content is the reason.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::asker::{Asker, Asking, Probed, is_final};
use super::call::{Call, Usage};
use super::endpoint::{Stop, Tries};
use super::question::{Broken, Form, Question};
use crate::clock;
use crate::core::ask::NoAnswer;
use crate::core::manner::{Limits, Manner};
use crate::core::provider_error::ProviderError;
use crate::core::transcript::shorten::tokens;

/// The timeout of the harmless question.
const PROBE_TIME: Duration = Duration::from_secs(15);

/// A wire format.
pub(super) trait Wire: Sync {
    /// The path below the server's address.
    const PATH: &'static str;

    /// The body of a request. `data` is the question's data, shortened if necessary.
    fn request(&self, question: &Question<'_>, data: &str, broken: Option<&Broken>, how: How<'_>) -> Value;

    /// The usage of a reply.
    fn usage(&self, call: Call<'_>, reply: &Value) -> Usage;
}

/// The manner and limits of a request.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    pub(super) manner: &'a Manner,
    pub(super) limits: Limits,
}

impl How<'_> {
    /// The most tokens of the reply.
    pub(super) fn reply_limit(self) -> u32 {
        self.manner.reply_limit(self.limits)
    }
}

/// Asks a question. Returns the reply, and how many of the oldest messages were left out.
pub(super) async fn put<W: Wire>(
    wire: &W,
    asker: &Asker,
    call: Call<'_>,
    question: &Question<'_>,
    broken: Option<&Broken>,
) -> Result<(Value, usize), NoAnswer> {
    let limits = asker.limits;
    let build = |manner: &Manner| {
        let (shown, broken) = question.fitted(broken, manner, limits);
        wire.request(question, &shown.text, broken.as_ref(), How { manner, limits })
    };
    let private = broken.map_or(Cow::Borrowed(question.data), |it| format!("{}\n{}", question.data, it.reply).into());
    let asking = Asking {
        path: W::PATH,
        build: &build,
        transcript: question.is_transcript.then(|| tokens(question.data)),
        private: &private,
        deadline: call.deadline,
        tries: Tries::Insist,
    };
    let mut is_first = true;
    loop {
        let refusal = match Box::pin(asker.ask(&asking)).await {
            Ok((reply, manner)) => {
                call.meter.add(wire.usage(call, &reply));
                return Ok((reply, question.fitted(broken, &manner, limits).0.left_out));
            }
            Err(Stop::No(why)) => return Err(why),
            Err(Stop::Failed(why)) => return Err(NoAnswer::Unavailable(why)),
            Err(Stop::Refused(refusal)) => refusal,
        };
        let manner = asker.remote().manner();
        let probed = match (question.form, question.harmless()) {
            (Form::Json { .. }, Some(harmless)) if !is_final(&refusal) => {
                let probe = Box::pin(probe(wire, asker, call, &harmless, (&asking, &refusal)));
                Some(asker.probed(call.deadline, probe).await)
            }
            (Form::Json { .. }, _) => None,
            // Texts are optional, so the reason of the refusal does not matter.
            (Form::Text, _) => Some(Probed::Answered),
        };
        // The harmless question, or another task, has found a manner that the server accepts.
        let is_better = matches!(probed, Some(Probed::Answered)) && asker.remote().manner() != manner;
        if !(is_first && is_better) {
            return Err(asker.verdict(&refusal, &private, probed));
        }
        is_first = false;
    }
}

/// Asks the harmless question after a refusal of another one.
async fn probe<W: Wire>(
    wire: &W,
    asker: &Asker,
    call: Call<'_>,
    harmless: &Question<'_>,
    (refused, refusal): (&Asking<'_>, &ProviderError),
) -> Probed {
    let limits = asker.limits;
    let build = |manner: &Manner| wire.request(harmless, harmless.data, None, How { manner, limits });
    let deadline = call.deadline.min(clock::start() + PROBE_TIME);
    let asking = Asking { path: W::PATH, build: &build, transcript: None, private: "", deadline, tries: Tries::Once };
    let reply = asker.ask_harmless(&asking, refused, refusal).await;
    let probed = asker.judged(reply.map(|reply| call.meter.add(wire.usage(call, &reply))));
    tracing::info!(provider = %asker.remote(), answered = matches!(probed, Probed::Answered), "harmless question asked after a refusal");
    probed
}
