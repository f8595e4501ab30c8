//! Learns from refusals which requests a server accepts (spec 05), as a value.
//!
//! ```text
//!   max_completion_tokens ─▶ max_tokens ─▶ a smaller number          encoding_format: base64 ─▶ floats
//!   json_schema ─▶ json_object, schema in the prompt ─▶ plain text   dimensions, cache_control ─▶ left out
//!   forced tool, thinking off ─▶ optional tool                       system message ─▶ start of the user's message
//!   context length ─▶ smaller reply ─▶ oldest messages left out
//! ```
//!
//! The refusal's wording decides which field to change, among those that the refused request had.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::provider_error::ProviderError;

/// The most tokens of a reply, unless set or learnt otherwise. Every model in use supports this many.
pub const MOST_REPLY_TOKENS: u32 = 8_192;
/// The least limit of a reply.
const LEAST_REPLY_TOKENS: u32 = 128;
/// The first guess if the context is too short and the refusal does not say how long it is.
const SMALL_REPLY_TOKENS: u32 = 2_048;
/// The tokens of a request besides instructions and transcript.
const OVERHEAD_TOKENS: u32 = 100;
/// A shorter transcript is not worth sending.
const LEAST_TRANSCRIPT_TOKENS: u32 = 64;

/// How a request asks for structured output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// A schema that the server enforces, or a tool that the model must call.
    #[default]
    Enforced,
    /// A schema in the instructions; the server enforces only that the reply is JSON.
    Json,
    /// A schema in the instructions.
    Prompted,
}

/// The differences from our usual requests that a server needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent differences")]
pub struct Manner {
    /// The reply's limit is called `max_tokens`.
    pub max_tokens: bool,
    /// The reply's limit is left out.
    pub unlimited: bool,
    /// How a request asks for structured output.
    pub structure: Structure,
    /// The tool is optional, and `thinking` is left out.
    pub offers: bool,
    /// The user's message begins with the instructions, because the server refuses a system message.
    pub one_message: bool,
    /// `cache_control` is left out.
    pub uncached: bool,
    /// Vectors are requested as lists of numbers.
    pub floats: bool,
    /// `encoding_format` is left out.
    pub unencoded: bool,
    /// `dimensions` is left out.
    pub any_length: bool,
    /// The most tokens of a reply.
    pub reply_tokens: Option<u32>,
    /// The most tokens of a transcript, by [`super::transcript::shorten::tokens`].
    pub transcript_tokens: Option<u32>,
}

/// Limits from the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most tokens of a request and its reply together.
    pub context: Option<u32>,
    /// The most tokens of a reply.
    pub reply: Option<u32>,
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The request, or the request with its reply, is too long for the model.
    Context,
    /// The field that limits the reply.
    ReplyLimit,
    /// The forced tool call, or disabled thinking.
    ToolChoice,
    /// The structured output.
    Structure,
    /// The message with the instructions.
    System,
    /// `cache_control`.
    Cache,
    /// The encoding of vectors.
    Encoding,
    /// The length of vectors.
    Dimensions,
}

/// The refused request.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Its body.
    pub body: &'a Value,
    /// The tokens of its transcript; `None` if it has none that can be shortened.
    pub transcript: Option<u32>,
    /// The limits from the settings.
    pub limits: Limits,
}

impl Sent<'_> {
    fn has(&self, field: &str) -> bool {
        self.body.get(field).is_some()
    }
}

/// Which part of the request a refusal is about; `None` if it names none.
#[must_use]
pub fn topic(refusal: &ProviderError, sent: Sent<'_>) -> Option<Topic> {
    let param = refusal.param.as_deref().unwrap_or_default();
    let by_param = [
        (Topic::ReplyLimit, &["max_completion_tokens", "max_tokens"][..]),
        (Topic::Structure, &["response_format", "tools", "text.format"][..]),
        (Topic::ToolChoice, &["tool_choice", "thinking"][..]),
        (Topic::Encoding, &["encoding_format"][..]),
        (Topic::Dimensions, &["dimensions"][..]),
    ];
    let named =
        by_param.iter().find(|(_, names)| names.iter().any(|name| !param.is_empty() && param.starts_with(name)));
    let kinds =
        ["context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "request_too_large"];
    let says = |words: &[&str]| words.iter().any(|word| refusal.words.contains(word));
    let is_long = refusal.kinds.iter().any(|kind| kinds.contains(&kind.as_str()))
        || says(&[
            "context length",
            "context window",
            "context size",
            "context limit",
            "prompt is too long",
            "input is too long",
            "too many tokens",
            "reduce the length",
        ]);
    let is_chat = sent.has("messages");
    // thepersonalaicompany/amurex-backend#38: the server enforces JSON, but the model does not produce it.
    let unmet = ["json_validate_failed", "tool_use_failed", "output_parse_failed"];
    let is_unmet = refusal.kinds.iter().any(|kind| unmet.contains(&kind.as_str()));
    let words = [
        (Topic::Context, is_long && is_chat),
        (Topic::Structure, is_unmet),
        (Topic::ToolChoice, says(&["tool_choice", "tool choice", "forced tool", "forces tool", "thinking"])),
        (
            Topic::Structure,
            says(&["response_format", "json_schema", "json_object", "additionalproperties", "input_schema"]),
        ),
        (
            Topic::ReplyLimit,
            says(&["max_completion_tokens", "max_tokens", "max_new_tokens", "max_output_tokens", "maxoutputtokens"]),
        ),
        (Topic::Cache, says(&["cache_control", "prompt caching", "ephemeral"])),
        (Topic::Encoding, says(&["encoding_format", "base64"])),
        (Topic::Dimensions, says(&["dimension", "matryoshka"])),
        (
            Topic::System,
            says(&[
                "system role",
                "system message",
                "system prompt",
                "developer instruction",
                "role 'system'",
                "roles must alternate",
            ]),
        ),
        (
            Topic::Structure,
            says(&[
                "schema",
                "structured output",
                "grammar",
                "guided",
                "json mode",
                "tool use",
                "tools",
                "function call",
                "requested parameters",
            ]),
        ),
    ];
    let worded = words.iter().find(|(topic, said)| *said && is_sent(*topic, sent)).map(|(topic, _)| *topic);
    // A server can name the reply's limit as the parameter if the context is too short for it.
    let long = worded.filter(|topic| *topic == Topic::Context);
    long.or_else(|| named.map(|(topic, _)| *topic).filter(|topic| is_sent(*topic, sent))).or(worded)
}

fn is_sent(topic: Topic, sent: Sent<'_>) -> bool {
    match topic {
        Topic::Context => sent.has("messages"),
        Topic::ReplyLimit => sent.has("max_completion_tokens") || sent.has("max_tokens"),
        Topic::ToolChoice => sent.has("tool_choice") || sent.has("thinking"),
        Topic::Structure => sent.has("response_format") || sent.has("tools"),
        Topic::System => sent.has("system") || sent.body["messages"][0]["role"] == "system",
        Topic::Cache => !sent.body["system"][0]["cache_control"].is_null(),
        Topic::Encoding => sent.has("encoding_format"),
        Topic::Dimensions => sent.has("dimensions"),
    }
}

impl Manner {
    /// What to change after a refusal, and what the refusal was about; `None` if it is about no part of the request, or nothing is
    /// left to change.
    #[must_use]
    pub fn learn(&self, refusal: &ProviderError, sent: Sent<'_>) -> Option<(Topic, Self)> {
        let topic = topic(refusal, sent)?;
        let mut next = self.clone();
        match topic {
            Topic::Context => next.shrink(refusal, sent)?,
            Topic::ReplyLimit => next.limit_otherwise(refusal, sent),
            Topic::ToolChoice => next.offers = true,
            Topic::Structure => {
                next.structure = match self.structure {
                    Structure::Enforced if sent.has("response_format") => Structure::Json,
                    _ => Structure::Prompted,
                };
            }
            Topic::System => next.one_message = true,
            Topic::Cache => next.uncached = true,
            Topic::Encoding if self.floats => next.unencoded = true,
            Topic::Encoding => next.floats = true,
            Topic::Dimensions => next.any_length = true,
        }
        (next != *self).then_some((topic, next))
    }

    /// The most tokens of a reply.
    #[must_use]
    pub fn reply_limit(&self, limits: Limits) -> u32 {
        let of_context = limits.context.map_or(u32::MAX, |context| context / 4);
        let set = limits.reply.unwrap_or_else(|| MOST_REPLY_TOKENS.min(of_context)).max(1);
        self.reply_tokens.map_or(set, |learnt| learnt.min(set))
    }

    /// The most tokens of a transcript, given the tokens of the instructions; `None` if there is no limit.
    #[must_use]
    pub fn transcript_limit(&self, limits: Limits, instructions: u32) -> Option<u32> {
        let room = |context: u32| {
            let rest = context.saturating_sub(self.reply_limit(limits) + instructions + OVERHEAD_TOKENS);
            rest.max(LEAST_TRANSCRIPT_TOKENS)
        };
        [limits.context.map(room), self.transcript_tokens].into_iter().flatten().min()
    }

    /// First shortens the reply, then the transcript.
    fn shrink(&mut self, refusal: &ProviderError, sent: Sent<'_>) -> Option<()> {
        let reply = self.reply_limit(sent.limits);
        let context = number_after(
            &refusal.words,
            &["n_ctx\":", "> ", "context length", "context window", "context size", "context limit", "maximum"],
        );
        let smaller =
            context.map_or(SMALL_REPLY_TOKENS, |context| context / 4).clamp(LEAST_REPLY_TOKENS, MOST_REPLY_TOKENS);
        if smaller < reply {
            self.reply_tokens = Some(smaller);
            return Some(());
        }
        let now = sent.transcript?.min(self.transcript_tokens.unwrap_or(u32::MAX));
        let fits = context.map(|context| context.saturating_sub(reply + OVERHEAD_TOKENS) / 2);
        let less = fits.filter(|fits| *fits < now).unwrap_or(now / 2);
        if less < LEAST_TRANSCRIPT_TOKENS {
            return None;
        }
        self.transcript_tokens = Some(less);
        Some(())
    }

    /// Renames the reply's limit and then leaves it out, or lowers it if the number is too large.
    fn limit_otherwise(&mut self, refusal: &ProviderError, sent: Sent<'_>) {
        let reply = self.reply_limit(sent.limits);
        let too_large = [
            "too large",
            "at most",
            "less than or equal",
            "valid range",
            "maximum allowed",
            "maximum value",
            "must be <=",
            "exceed",
        ];
        if too_large.iter().any(|words| refusal.words.contains(words)) {
            let allowed = numbers(&refusal.words).filter(|number| (LEAST_REPLY_TOKENS..reply).contains(number)).max();
            self.reply_tokens = Some(allowed.unwrap_or(reply / 2).max(LEAST_REPLY_TOKENS.min(reply)));
        } else if sent.has("max_completion_tokens") {
            self.max_tokens = true;
        } else {
            self.unlimited = true;
        }
    }

    /// The differences in words for people; empty if there are none.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut say = |is: bool, what: &str| words.extend(is.then(|| what.to_owned()));
        say(self.max_tokens && !self.unlimited, "max_tokens instead of max_completion_tokens");
        say(self.unlimited, "no limit of the reply");
        say(self.structure == Structure::Json, "json_object instead of json_schema, the schema in the prompt");
        say(self.structure == Structure::Prompted, "the schema only in the prompt");
        say(self.offers, "the tool is optional");
        say(self.one_message, "instructions and data in one message");
        say(self.uncached, "without cache_control");
        say(self.floats && !self.unencoded, "vectors as numbers instead of base64");
        say(self.unencoded, "without encoding_format");
        say(self.any_length, "without dimensions");
        words.extend(self.reply_tokens.map(|tokens| format!("at most {tokens} tokens of reply")));
        words.extend(self.transcript_tokens.map(|tokens| format!("at most about {tokens} tokens of transcript")));
        words
    }
}

fn numbers(words: &str) -> impl Iterator<Item = u32> {
    let plain = words.replace(',', "");
    let found: Vec<u32> =
        plain.split(|char: char| !char.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    found.into_iter()
}

/// The first number of at least 64 that follows one of these words.
fn number_after(words: &str, marks: &[&str]) -> Option<u32> {
    let after = |mark: &&str| {
        let at = words.find(mark)? + mark.len();
        numbers(super::text::first_chars(&words[at..], 60)).find(|number| *number >= 64)
    };
    marks.iter().find_map(after)
}

#[cfg(test)]
mod tests;
