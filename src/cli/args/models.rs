//! The settings that choose the models, and how they are asked.

use super::{Setting, setting};

pub(super) const SETTINGS: [Setting; 11] = [
    setting(
        "llm",
        "NIKITA_LLM",
        "MODEL",
        None,
        "local, anthropic:NAME or openai:NAME [default: by the key that is set, else local]",
    ),
    setting(
        "embeddings",
        "NIKITA_EMBEDDINGS",
        "MODEL",
        None,
        "local or openai:NAME [default: openai:text-embedding-3-small with a key, else local]",
    ),
    setting(
        "enrich",
        "NIKITA_ENRICH",
        "BOOL",
        Some("true"),
        "Whether a language model that is not local polishes prompts",
    ),
    setting(
        "llm-context",
        "NIKITA_LLM_CONTEXT",
        "TOKENS",
        None,
        "The model's context, for a request and its reply; over it the oldest messages go first [default: learnt from a refusal]",
    ),
    setting(
        "llm-reply-tokens",
        "NIKITA_LLM_REPLY_TOKENS",
        "TOKENS",
        None,
        "The most tokens of a reply [default: 8192, a quarter of the context, or less where the server says so]",
    ),
    setting("llm-rpm", "NIKITA_LLM_RPM", "N", None, "Language model requests a minute [default: no limit]"),
    setting("embeddings-rpm", "NIKITA_EMBEDDINGS_RPM", "N", None, "Embedding requests a minute [default: no limit]"),
    setting(
        "request-timeout",
        "NIKITA_REQUEST_TIMEOUT",
        "DUR",
        None,
        "The longest one model request may take [default: all the time that its stage has left]",
    ),
    setting("anthropic-base-url", "ANTHROPIC_BASE_URL", "URL", None, "Where Anthropic's API is, without /v1"),
    setting(
        "openai-base-url",
        "OPENAI_BASE_URL",
        "URL",
        None,
        "Where OpenAI's API or a compatible server is, with /v1; such a server needs no key",
    ),
    setting("backoff", "NIKITA_BACKOFF", "DUR", Some("1s"), "The first pause before a model is asked again, for tests"),
];
