//! From settings and keys to providers.

use clap::ArgMatches;
use secrecy::SecretString;

use super::args::models::{
    ANTHROPIC_BASE_URL, BACKOFF, EMBEDDINGS, EMBEDDINGS_RPM, ENRICH, LLM, LLM_CONTEXT, LLM_REPLY_TOKENS, LLM_RPM,
    OPENAI_BASE_URL, REQUEST_TIMEOUT,
};
use super::args::setting::Typed;
use super::raw::Problem;
use crate::config::models::{self, EmbeddingChoice, LanguageChoice};
use crate::config::secrets;
use crate::core::manner::Limits;
use crate::providers::anthropic::Anthropic;
use crate::providers::asker::Asker;
use crate::providers::embeddings::Embeddings;
use crate::providers::endpoint::{Endpoint, Patience};
use crate::providers::openai::OpenAi;
use crate::providers::rehearsal::Rehearsal;
use crate::providers::remote::Port;
use crate::providers::vendor::Vendor;
use crate::providers::{EmbeddingModel, LanguageModel, Providers};

/// The providers that the settings choose. By default the vendor whose key is set, Anthropic first; without a key, the offline
/// models. Opens no connection.
pub fn providers(matches: &ArgMatches, rehearsal: Rehearsal) -> Result<Providers, Problem> {
    // Invalid values are refused even if the chosen model does not use them.
    let enrich = ENRICH.read(matches)?;
    Ok(Providers::new(language(matches)?, embeddings(matches)?, enrich, rehearsal))
}

/// The language model that the settings choose.
pub fn language(matches: &ArgMatches) -> Result<LanguageModel, Problem> {
    let choice = match LLM.find(matches)? {
        Some(choice) => choice,
        None => unasked()?,
    };
    let patience = patience(matches, LLM_RPM)?;
    let limits = Limits { context: LLM_CONTEXT.find(matches)?, reply: LLM_REPLY_TOKENS.find(matches)? };
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

/// The default model of the first vendor whose key is set; without a key, the offline one.
fn unasked() -> Result<LanguageChoice, Problem> {
    for vendor in Vendor::ALL {
        if key(vendor)?.is_some() {
            return Ok(default_of(vendor));
        }
    }
    Ok(LanguageChoice::Local)
}

/// A vendor's default model.
fn default_of(vendor: Vendor) -> LanguageChoice {
    match vendor {
        Vendor::Anthropic => LanguageChoice::Anthropic(models::ANTHROPIC_MODEL.to_owned()),
        Vendor::OpenAi => LanguageChoice::OpenAi(models::OPENAI_MODEL.to_owned()),
    }
}

/// The embedding model that the settings choose.
pub fn embeddings(matches: &ArgMatches) -> Result<EmbeddingModel, Problem> {
    let choice = match EMBEDDINGS.find(matches)? {
        Some(choice) => choice,
        None if key(Vendor::OpenAi)?.is_some() => EmbeddingChoice::OpenAi(models::OPENAI_EMBEDDINGS.to_owned()),
        None => EmbeddingChoice::Local,
    };
    let patience = patience(matches, EMBEDDINGS_RPM)?;
    Ok(match choice {
        EmbeddingChoice::Local => EmbeddingModel::Local,
        EmbeddingChoice::OpenAi(model) => {
            let endpoint = endpoint(matches, Vendor::OpenAi, patience, (Port::Embeddings, &model))?;
            EmbeddingModel::OpenAi(Box::new(Embeddings::new(Asker::new(endpoint, Limits::default()), model)))
        }
    })
}

fn key(vendor: Vendor) -> Result<Option<SecretString>, Problem> {
    secrets::find(vendor.key_variable()).map_err(Problem::configuration)
}

fn patience(matches: &ArgMatches, a_minute: Typed<u32>) -> Result<Patience, Problem> {
    Ok(Patience {
        backoff: BACKOFF.read(matches)?,
        request: REQUEST_TIMEOUT.find(matches)?,
        per_minute: a_minute.find(matches)?,
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
        Vendor::Anthropic => ANTHROPIC_BASE_URL,
        Vendor::OpenAi => OPENAI_BASE_URL,
    };
    // An empty variable counts as unset, as in the vendors' own programs.
    let base = setting.text(matches).filter(|base| !base.trim().is_empty());
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
    Endpoint::new(vendor, model, base, key, patience)
        .map_err(|why| if setting.is_typed(matches) { Problem::Usage(why) } else { Problem::configuration(why) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::prices::Prices;

    #[test]
    fn the_default_model_of_every_vendor_has_a_price() {
        let prices = Prices::shipped().expect("in order");
        for vendor in Vendor::ALL {
            match default_of(vendor) {
                LanguageChoice::Local => panic!("{vendor:?} has no model"),
                LanguageChoice::Anthropic(model) | LanguageChoice::OpenAi(model) => {
                    assert!(prices.cost(&model, 1, 1).is_some(), "{model}");
                }
            }
        }
        assert!(prices.cost(models::OPENAI_EMBEDDINGS, 1, 1).is_some());
    }
}
