//! Learns from refusals which requests a server accepts (spec 05), as a value.
//!
//! ```text
//!   max_completion_tokens ─▶ max_tokens ─▶ a smaller number          encoding_format: base64 ─▶ floats
//!   json_schema ─▶ json_object, schema in the prompt ─▶ plain text   dimensions, cache_control ─▶ left out
//!   forced tool, thinking off ─▶ optional tool                       system message ─▶ start of the user's message
//!   context length ─▶ smaller reply ─▶ oldest messages left out
//! ```
//!
//! The field that the refusal names decides, else its wording, among the fields that the refused request had. Words that the player
//! used as well decide last, because a server can quote the player.

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
    /// The player's text in it.
    pub private: &'a str,
    /// The limits from the settings.
    pub limits: Limits,
}

impl Sent<'_> {
    fn has(&self, field: &str) -> bool {
        self.body.get(field).is_some()
    }
}

/// The types and codes of a context that is too short.
const LONG: [&str; 4] =
    ["context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "request_too_large"];
/// thepersonalaicompany/amurex-backend#38: the server enforces JSON, but the model does not produce it.
const UNMET: [&str; 3] = ["json_validate_failed", "tool_use_failed", "output_parse_failed"];
/// The names of the reply's limit.
const REPLY_LIMIT: [&str; 5] =
    ["max_completion_tokens", "max_tokens", "max_new_tokens", "max_output_tokens", "maxoutputtokens"];
/// The beginnings or ends of parameters.
const PARAMS: [(Topic, &[&str]); 6] = [
    (Topic::ReplyLimit, &["max_completion_tokens", "max_tokens"]),
    (Topic::Structure, &["response_format", "tools", "text.format"]),
    (Topic::ToolChoice, &["tool_choice", "thinking"]),
    (Topic::Cache, &["cache_control"]),
    (Topic::Encoding, &["encoding_format"]),
    (Topic::Dimensions, &["dimensions"]),
];
/// The wording of refusals; the first that fits counts.
const WORDS: [(Topic, &[&str]); 9] = [
    (
        Topic::Context,
        &[
            "context length",
            "context window",
            "context size",
            "context limit",
            "prompt is too long",
            "input is too long",
            "too many tokens",
            "reduce the length",
        ],
    ),
    (Topic::ToolChoice, &["tool_choice", "tool choice", "forced tool", "forces tool", "thinking"]),
    (Topic::Structure, &["response_format", "json_schema", "json_object", "additionalproperties", "input_schema"]),
    (Topic::ReplyLimit, &REPLY_LIMIT),
    (Topic::Cache, &["cache_control", "prompt caching", "ephemeral"]),
    (Topic::Encoding, &["encoding_format", "base64"]),
    (Topic::Dimensions, &["dimension", "matryoshka"]),
    (
        Topic::System,
        &[
            "system role",
            "system message",
            "system prompt",
            "developer instruction",
            "role 'system'",
            "roles must alternate",
        ],
    ),
    (
        Topic::Structure,
        &[
            "schema",
            "structured output",
            "grammar",
            "guided",
            "json mode",
            "tool use",
            "tools",
            "function call",
            "requested parameters",
        ],
    ),
];

/// Which part of the request a refusal is about; `None` if it names none.
#[must_use]
pub fn topic(refusal: &ProviderError, sent: Sent<'_>) -> Option<Topic> {
    surely(refusal, sent).or_else(|| worded(refusal, sent, |_| true))
}

/// Whether [`topic`] rests only on words that the player used as well: the refusal may quote the player.
#[must_use]
pub fn may_quote(refusal: &ProviderError, sent: Sent<'_>) -> bool {
    surely(refusal, sent).is_none() && topic(refusal, sent).is_some()
}

/// The same as [`topic`], without the words that the player used.
fn surely(refusal: &ProviderError, sent: Sent<'_>) -> Option<Topic> {
    let is = |kinds: &[&str]| refusal.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
    if is(&LONG) && is_sent(Topic::Context, sent) {
        return Some(Topic::Context);
    }
    let named = named(refusal).filter(|topic| is_sent(*topic, sent));
    let unmet = || (is(&UNMET) && is_sent(Topic::Structure, sent)).then_some(Topic::Structure);
    named.or_else(unmet).or_else(|| {
        let private = sent.private.to_lowercase();
        worded(refusal, sent, |word| !private.contains(word))
    })
}

/// The topic of the parameter that a refusal names, in a field or at the beginning of its message: `thinking.type: Input should be …`.
fn named(refusal: &ProviderError) -> Option<Topic> {
    let first = || {
        let (first, _) = refusal.message.split_once(": ")?;
        (!first.contains(' ')).then(|| first.strip_prefix("body.").unwrap_or(first))
    };
    let name = refusal.param.as_deref().or_else(first)?;
    let fits = |names: &[&str]| names.iter().any(|&it| name.starts_with(it) || name.ends_with(it));
    PARAMS.iter().find(|(_, names)| fits(names)).map(|(topic, _)| *topic)
}

fn worded(refusal: &ProviderError, sent: Sent<'_>, counts: impl Fn(&str) -> bool) -> Option<Topic> {
    let said = |words: &[&str]| words.iter().any(|&word| refusal.words.contains(word) && counts(word));
    WORDS.iter().find(|(topic, words)| is_sent(*topic, sent) && said(words)).map(|(topic, _)| *topic)
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

    /// The most tokens of a transcript, given the tokens of the instructions and those of the messages that ask for a repair; `None` if
    /// there is no limit.
    #[must_use]
    pub fn transcript_limit(&self, limits: Limits, instructions: u32, repair: u32) -> Option<u32> {
        let room = |context: u32| context.saturating_sub(self.reply_limit(limits) + instructions + OVERHEAD_TOKENS);
        let most = [limits.context.map(room), self.transcript_tokens].into_iter().flatten().min()?;
        Some(most.saturating_sub(repair).max(LEAST_TRANSCRIPT_TOKENS))
    }

    /// The most tokens of an invalid reply that a request for its repair quotes: as many as a reply can have, but at most half of the
    /// transcript's room.
    #[must_use]
    pub fn quote_limit(&self, limits: Limits, instructions: u32) -> u32 {
        let room = self.transcript_limit(limits, instructions, 0);
        self.reply_limit(limits).min(room.map_or(u32::MAX, |room| room / 2))
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
        let said = about_the_limit(&refusal.words);
        if too_large.iter().any(|words| said.contains(words)) {
            let allowed = numbers(said).filter(|number| (LEAST_REPLY_TOKENS..reply).contains(number)).max();
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

/// What a refusal says around the first name of the reply's limit, else its beginning. The rest can be a quotation of the request.
fn about_the_limit(words: &str) -> &str {
    let first = REPLY_LIMIT.iter().filter_map(|&name| words.find(name)).min().unwrap_or_default();
    let before = super::text::last_chars(&words[..first], 100);
    super::text::first_chars(&words[first - before.len()..], 300)
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
