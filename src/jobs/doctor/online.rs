//! `doctor --online`: sends each remote provider the kind of request that a run sends, with harmless content.

use std::time::Duration;

use crate::clock;
use crate::core::ask::{Answer, ModelAsk, NoAnswer};
use crate::core::doctor::Check;
use crate::core::stages::{StageName, extraction};
use crate::domain::exit::Exit;
use crate::providers::call::{Call, Meter};
use crate::providers::remote::Remote;
use crate::providers::{Providers, embeddings, question};

/// The timeout of a request.
const LONGEST: Duration = Duration::from_secs(10);

/// Sends a request to each remote provider.
pub async fn ask(providers: &Providers) -> Vec<Check> {
    let meter = Meter::default();
    let call = || Call { stage: StageName::Extraction, deadline: clock::start() + LONGEST, meter: &meter };
    let mut checks = Vec::new();
    if providers.language_model().is_some() {
        let ask = ModelAsk::Extract {
            instructions: extraction::INSTRUCTIONS,
            transcript: question::HARMLESS.to_owned(),
            schema: extraction::schema(),
        };
        let answer = in_time(providers.ask(call(), &ask)).await;
        checks.push(judge("models.language_online", "notes of a conversation", answer, providers.language_model()));
    }
    if providers.embeddings().is_some() {
        let texts = [embeddings::HARMLESS.to_owned()];
        let answer = in_time(providers.embed(call(), &texts)).await;
        checks.push(judge("models.embeddings_online", "the vector of a word", answer, providers.embeddings()));
    }
    checks
}

async fn in_time(asked: impl Future<Output = Result<Answer, NoAnswer>>) -> Result<Answer, NoAnswer> {
    let late = |_| Err(NoAnswer::Unavailable("no answer in time".to_owned()));
    tokio::time::timeout(LONGEST, asked).await.unwrap_or_else(late)
}

fn judge(name: &'static str, what: &str, answer: Result<Answer, NoAnswer>, remote: Option<&Remote>) -> Check {
    let learnt = remote.map(|remote| remote.manner().words()).unwrap_or_default();
    match answer {
        Ok(_) if learnt.is_empty() => Check::ok(name, format!("it answered with {what}")),
        Ok(_) => Check::ok(name, format!("it answered with {what}; its API needs: {}", learnt.join("; "))),
        Err(error @ (NoAnswer::Unavailable(_) | NoAnswer::CircuitOpen(_))) => Check::failed(
            name,
            Exit::Unavailable,
            &error.to_string(),
            "Check the provider's status page and this host's network; conversations wait meanwhile and lose no attempt",
        ),
        Err(error) => Check::problem(
            name,
            error.to_string(),
            "Correct the key, the name of the model or the address of its server",
        ),
    }
}
