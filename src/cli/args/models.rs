//! The settings that choose the models and limit their requests.

use std::time::Duration;

use super::setting::{Setting, Typed, setting, text};
use crate::config::models::{self, EmbeddingChoice, LanguageChoice};
use crate::config::parse;

pub const LLM: Typed<LanguageChoice> = Typed::new(
    setting(
        "llm",
        "NIKITA_LLM",
        "MODEL",
        None,
        "local, anthropic:NAME or openai:NAME [default: the vendor whose key is set, else local]",
    ),
    models::language,
);
pub const EMBEDDINGS: Typed<EmbeddingChoice> = Typed::new(
    setting(
        "embeddings",
        "NIKITA_EMBEDDINGS",
        "MODEL",
        None,
        "local or openai:NAME [default: openai:text-embedding-3-small with a key, else local]",
    ),
    models::embeddings,
);
pub const ENRICH: Typed<bool> = Typed::new(
    setting("enrich", "NIKITA_ENRICH", "BOOL", Some("true"), "Whether a remote language model polishes prompts"),
    parse::switch,
);
pub const LLM_CONTEXT: Typed<u32> = Typed::new(
    setting(
        "llm-context",
        "NIKITA_LLM_CONTEXT",
        "TOKENS",
        None,
        "The model's context, for a request and its reply; beyond it the oldest messages are cut [default: learned from a refusal]",
    ),
    tokens,
);
pub const LLM_REPLY_TOKENS: Typed<u32> = Typed::new(
    setting(
        "llm-reply-tokens",
        "NIKITA_LLM_REPLY_TOKENS",
        "TOKENS",
        None,
        "The most tokens in a reply [default: 8192, a quarter of the context, or fewer if the server requires it]",
    ),
    tokens,
);
/// Requests per minute.
pub const LLM_RPM: Typed<u32> = Typed::new(
    setting("llm-rpm", "NIKITA_LLM_RPM", "N", None, "Language model requests per minute [default: no limit]"),
    a_minute,
);
/// Requests per minute.
pub const EMBEDDINGS_RPM: Typed<u32> = Typed::new(
    setting("embeddings-rpm", "NIKITA_EMBEDDINGS_RPM", "N", None, "Embedding requests per minute [default: no limit]"),
    a_minute,
);
pub const REQUEST_TIMEOUT: Typed<Duration> = Typed::new(
    setting(
        "request-timeout",
        "NIKITA_REQUEST_TIMEOUT",
        "DUR",
        None,
        "Timeout of one model request [default: the time that its stage has left]",
    ),
    parse::duration,
);
pub const ANTHROPIC_BASE_URL: Typed<String> =
    text(setting("anthropic-base-url", "ANTHROPIC_BASE_URL", "URL", None, "Base URL of Anthropic's API, without /v1"));
pub const OPENAI_BASE_URL: Typed<String> = text(setting(
    "openai-base-url",
    "OPENAI_BASE_URL",
    "URL",
    None,
    "Base URL of OpenAI's API or a compatible server, with /v1; such a server needs no key",
));
pub const BACKOFF: Typed<Duration> = Typed::new(
    setting("backoff", "NIKITA_BACKOFF", "DUR", Some("1s"), "The pause before a request's first retry, for tests"),
    parse::duration,
);

/// All of them, in the order of the help.
pub(super) const SETTINGS: [Setting; 11] = [
    LLM.setting,
    EMBEDDINGS.setting,
    ENRICH.setting,
    LLM_CONTEXT.setting,
    LLM_REPLY_TOKENS.setting,
    LLM_RPM.setting,
    EMBEDDINGS_RPM.setting,
    REQUEST_TIMEOUT.setting,
    ANTHROPIC_BASE_URL.setting,
    OPENAI_BASE_URL.setting,
    BACKOFF.setting,
];
/// Those that choose the models and their servers.
pub(super) const CHOICE: [Setting; 6] = [
    LLM.setting,
    EMBEDDINGS.setting,
    LLM_CONTEXT.setting,
    LLM_REPLY_TOKENS.setting,
    ANTHROPIC_BASE_URL.setting,
    OPENAI_BASE_URL.setting,
];

fn tokens(text: &str) -> Result<u32, String> {
    parse::size(text, 100_000_000)
}

fn a_minute(text: &str) -> Result<u32, String> {
    parse::size(text, 1_000_000)
}
