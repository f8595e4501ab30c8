//! One small question to each provider that is chosen, for `--online`.

use std::time::Duration;

use crate::clock;
use crate::core::ask::{Answer, ModelAsk, NoAnswer};
use crate::core::doctor::Check;
use crate::core::stages::StageName;
use crate::domain::exit::Exit;
use crate::providers::Providers;
use crate::providers::call::{Call, Meter};

/// The longest that a provider may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Asks each provider that is not local.
pub async fn ask(providers: &Providers) -> Vec<Check> {
    let meter = Meter::default();
    let call = || Call { stage: StageName::Extraction, deadline: clock::start() + LONGEST, meter: &meter };
    let mut checks = Vec::new();
    if providers.language_model().is_some() {
        let hello = ModelAsk::Summarise { instructions: "Reply with the word: here", transcript: "user: hello".into() };
        checks.push(judge("models.language_online", in_time(providers.ask(call(), &hello)).await));
    }
    if providers.embeddings().is_some() {
        let texts = ["hello".to_owned()];
        checks.push(judge("models.embeddings_online", in_time(providers.embed(call(), &texts)).await));
    }
    checks
}

async fn in_time(asked: impl Future<Output = Result<Answer, NoAnswer>>) -> Result<Answer, NoAnswer> {
    let late = |_| Err(NoAnswer::Unavailable("no answer in time".to_owned()));
    tokio::time::timeout(LONGEST, asked).await.unwrap_or_else(late)
}

fn judge(name: &'static str, answer: Result<Answer, NoAnswer>) -> Check {
    match answer {
        Ok(_) => Check::ok(name, "it answered a small question"),
        Err(error @ (NoAnswer::Unavailable(_) | NoAnswer::CircuitOpen(_))) => Check::failed(
            name,
            Exit::Unavailable,
            &error.to_string(),
            "See the provider's status page and this host's network; conversations wait meanwhile, and lose no attempt",
        ),
        Err(error) => Check::problem(
            name,
            error.to_string(),
            "Correct the key, the name of the model or the address of its server",
        ),
    }
}
