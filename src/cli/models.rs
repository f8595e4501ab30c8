//! From settings and keys to providers.

use clap::ArgMatches;
use clap::parser::ValueSource;
use secrecy::SecretString;

use super::raw::{self, Problem};
use crate::config::models::{self, EmbeddingChoice, LanguageChoice};
use crate::config::{parse, secrets};
use crate::core::manner::Limits;
use crate::providers::anthropic::Anthropic;
use crate::providers::asker::Asker;
use crate::providers::embeddings::Embeddings;
use crate::providers::endpoint::{Endpoint, Patience, Vendor};
use crate::providers::openai::OpenAi;
use crate::providers::rehearsal::Rehearsal;
use crate::providers::remote::Port;
use crate::providers::{EmbeddingModel, LanguageModel, Providers};

/// The providers that the settings choose. Without a choice, that whose key is set, Anthropic's first; without a key, the
/// offline ones. Nothing is asked and no connection made.
pub fn providers(matches: &ArgMatches, rehearsal: Rehearsal) -> Result<Providers, Problem> {
    // Wrong values are refused also where the choice makes no use of them.
    let enrich = raw::required(matches, "enrich", parse::switch)?;
    Ok(Providers::new(language(matches)?, embeddings(matches)?, enrich, rehearsal))
}

/// The language model that the settings choose.
pub fn language(matches: &ArgMatches) -> Result<LanguageModel, Problem> {
    let choice = match raw::value(matches, "llm", models::language)? {
        Some(choice) => choice,
        None if key(Vendor::Anthropic)?.is_some() => LanguageChoice::Anthropic(models::ANTHROPIC_MODEL.to_owned()),
        None if key(Vendor::OpenAi)?.is_some() => LanguageChoice::OpenAi(models::OPENAI_MODEL.to_owned()),
        None => LanguageChoice::Local,
    };
    let patience = patience(matches, "llm-rpm")?;
    let limits = Limits { context: tokens(matches, "llm-context")?, reply: tokens(matches, "llm-reply-tokens")? };
    let asker = |vendor, model: &str| {
        Ok::<_, Problem>(Asker::new(endpoint(matches, vendor, patience, (Port::LanguageModel, model))?, limits))
    };
    Ok(match choice {
        LanguageChoice::Local => LanguageModel::Local,
        LanguageChoice::Anthropic(model) => {
            LanguageModel::Anthropic(Anthropic::new(asker(Vendor::Anthropic, &model)?, model))
        }
        LanguageChoice::OpenAi(model) => LanguageModel::OpenAi(OpenAi::new(asker(Vendor::OpenAi, &model)?, model)),
    })
}

/// The embeddings that the settings choose.
pub fn embeddings(matches: &ArgMatches) -> Result<EmbeddingModel, Problem> {
    let choice = match raw::value(matches, "embeddings", models::embeddings)? {
        Some(choice) => choice,
        None if key(Vendor::OpenAi)?.is_some() => EmbeddingChoice::OpenAi(models::OPENAI_EMBEDDINGS.to_owned()),
        None => EmbeddingChoice::Local,
    };
    let patience = patience(matches, "embeddings-rpm")?;
    Ok(match choice {
        EmbeddingChoice::Local => EmbeddingModel::Local,
        EmbeddingChoice::OpenAi(model) => {
            let endpoint = endpoint(matches, Vendor::OpenAi, patience, (Port::Embeddings, &model))?;
            EmbeddingModel::OpenAi(Box::new(Embeddings::new(Asker::new(endpoint, Limits::default()), model)))
        }
    })
}

fn tokens(matches: &ArgMatches, setting: &str) -> Result<Option<u32>, Problem> {
    let count = raw::value(matches, setting, |text| parse::count(text, 100_000_000))?;
    Ok(count.and_then(|count| u32::try_from(count).ok()))
}

fn key(vendor: Vendor) -> Result<Option<SecretString>, Problem> {
    secrets::find(vendor.key_variable()).map_err(Problem::configuration)
}

fn patience(matches: &ArgMatches, limit: &str) -> Result<Patience, Problem> {
    let per_minute = raw::value(matches, limit, |text| parse::count(text, 1_000_000))?;
    Ok(Patience {
        backoff: raw::required(matches, "backoff", parse::duration)?,
        request: raw::value(matches, "request-timeout", parse::duration)?,
        per_minute: per_minute.and_then(|count| u32::try_from(count).ok()),
    })
}

/// A vendor's endpoint for a model.
fn endpoint(
    matches: &ArgMatches,
    vendor: Vendor,
    patience: Patience,
    model: (Port, &str),
) -> Result<Endpoint, Problem> {
    let chosen_by = match model.0 {
        Port::LanguageModel => "--llm",
        Port::Embeddings => "--embeddings",
    };
    let setting = match vendor {
        Vendor::Anthropic => "anthropic-base-url",
        Vendor::OpenAi => "openai-base-url",
    };
    // An empty variable is as good as none, as it is for the vendors' own programs.
    let base = raw::text(matches, setting).filter(|base| !base.trim().is_empty());
    let key = key(vendor)?;
    if key.is_none() && (vendor == Vendor::Anthropic || base.is_none()) {
        let variable = vendor.key_variable();
        let instead = match vendor {
            Vendor::Anthropic => "",
            Vendor::OpenAi => ", or OPENAI_BASE_URL for a server that needs none",
        };
        return Err(Problem::configuration(format!(
            "{chosen_by} names a model of {}, which needs a key: set {variable}, {variable}_FILE or the systemd credential \
             {variable}{instead}",
            vendor.name()
        )));
    }
    Endpoint::new(vendor, model, base, key, patience).map_err(|why| match matches.value_source(setting) {
        Some(ValueSource::CommandLine) => Problem::Usage(why),
        _ => Problem::configuration(why),
    })
}
