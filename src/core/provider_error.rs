//! Classifies a provider's error (spec 05) by its status, and by the type and the code in its body.
//!
//! The wording counts only for spending limits (429) and for harmless questions, because a server can quote a player. [`super::manner`]
//! uses it to find out which field was refused, and it is redacted before it is logged or stored.

use std::time::Duration;

use serde_json::Value;

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// A temporary problem of the server.
    Passing,
    /// Too many requests.
    Throttled,
    /// The account has no credit left. Retries do not help, and no conversation is to blame.
    Spent,
    /// The key is wrong.
    Key,
    /// The model is unknown.
    Model,
    /// The address is not that of such a server.
    Address,
    /// 400, 413, 422: the request is refused, because of its form, its conversation or any other reason.
    Refused,
    /// 403, 424, 498, 499 and other 4xx, such as a firewall's: as above, but possibly temporary.
    TurnedAway,
}

/// A provider's error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// The HTTP status, or the one in the body of a 200 response.
    pub status: u16,
    /// The types and codes of the body, in lower case.
    pub kinds: Vec<String>,
    /// The request's parameter that it names, such as `max_tokens` or `response_format.type`.
    pub param: Option<String>,
    /// The message and the whole body in lower case: private.
    pub words: String,
    /// The message for people: private.
    pub message: String,
    /// How long to wait before a retry.
    pub retry_after: Option<Duration>,
}

/// The most characters of a body that are searched.
const MOST_WORDS: usize = 20_000;

const SPENT: [&str; 9] = [
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "budget_exceeded",
    "payment_required",
    "exceeded_current_quota_error",
];
const KEY: [&str; 13] = [
    "authentication_error",
    "auth_error",
    "invalid_api_key",
    "api_key_invalid",
    "incorrect_api_key",
    "missing_api_key",
    "invalid_authentication_error",
    "unauthorized",
    "unauthenticated",
    "token_not_found_in_db",
    "expired_key",
    "authenticationerror",
    "invalid_key",
];
const MODEL: [&str; 13] = [
    "model_not_found",
    "model_not_found_error",
    "model_not_exist",
    "invalid_model",
    "unknown_model",
    "model_decommissioned",
    "model_deprecated",
    "model_not_available",
    "deploymentnotfound",
    "deployment_not_found",
    "key_model_access_denied",
    "team_model_access_denied",
    "model_not_supported",
];
const THROTTLED: [&str; 9] = [
    "rate_limit_error",
    "rate_limit_exceeded",
    "rate_limited",
    "rate_limit_reached_error",
    "throttling_error",
    "throttlingexception",
    "too_many_requests",
    "resource_exhausted",
    "ratelimiterror",
];
const PASSING: [&str; 15] = [
    "overloaded_error",
    "overloaded",
    "engine_overloaded",
    "engine_overloaded_error",
    "server_overloaded",
    "server_error",
    "internal_server_error",
    "internalservererror",
    "service_unavailable",
    "service_unavailable_error",
    "serviceunavailableerror",
    "unavailable_error",
    "unavailable",
    "timeout_error",
    "service_tier_capacity_exceeded",
];
/// Under a 5xx status, these still mean that the request is wrong.
const OURS: [&str; 5] =
    ["invalid_request_error", "invalid_argument", "not_supported_error", "unsupported_parameter", "badrequesterror"];
/// The wording of spending limits whose type is that of a rate limit.
const LIMITS: [&str; 5] =
    ["spend limit", "spending limit", "api usage limits", "credit balance is too low", "hard limit"];

/// The wording of an unknown model if neither status nor type shows it: gateways, Mistral, `DeepSeek`, `OpenRouter`.
const NO_MODEL: [&str; 7] = [
    "invalid model",
    "model not exist",
    "model does not exist",
    "not a valid model",
    "unknown model",
    "model not found",
    "no such model",
];

impl ProviderError {
    /// Reads the body of an error.
    #[must_use]
    pub fn read(status: u16, body: &Value, retry_after: Option<Duration>) -> Self {
        let body = first(body);
        let error = innermost(body);
        let mut kinds = Vec::new();
        for place in [error, body] {
            let named = ["type", "code", "status", "error_type", "error_code"].map(|field| &place[field]);
            let details = place["details"].as_array().into_iter().flatten().map(|detail| &detail["reason"]);
            let loud = place["detail"].as_array().into_iter().flatten().map(|detail| &detail["type"]);
            let deep = [&place["metadata"]["error_type"], &place["innererror"]["code"]];
            for kind in named.into_iter().chain(details).chain(loud).chain(deep).filter_map(word) {
                if kind != "error" && !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        let param = [&error["param"], &body["param"]].into_iter().find_map(Value::as_str);
        let param = param.filter(|param| !["", "None", "null"].contains(param)).map(str::to_ascii_lowercase);
        let param = param.or_else(|| location(error)).or_else(|| location(body));
        // BerriAI/litellm#8821: the message is an object.
        let said = [
            &error["message"],
            &error["message"]["error"],
            error,
            &body["message"],
            &body["detail"],
            &body["msg"],
            &body["error_msg"],
            &body["base_resp"]["status_msg"],
        ];
        let detail = || body["detail"][0]["msg"].as_str().or_else(|| body["message"]["detail"][0]["msg"].as_str());
        let message = said.into_iter().find_map(Value::as_str).or_else(detail).unwrap_or("it does not say why");
        // The message first: a body can begin with a long quotation of the request.
        let words = format!("{} {body}", super::text::first_chars(message, MOST_WORDS / 2));
        let words = super::text::first_chars(&words, MOST_WORDS).to_lowercase();
        Self {
            status,
            kinds,
            param,
            words,
            message: message.to_owned(),
            retry_after: retry_after.or_else(|| delay(error)),
        }
    }

    /// The error in the body of a 200 response, which can be in a list; `None` if the body is an answer, or nothing that is known.
    #[must_use]
    pub fn hidden_in(body: &Value, retry_after: Option<Duration>) -> Option<Self> {
        match body {
            Value::Array(items) => items.iter().find_map(|item| Self::hidden_in_object(item, retry_after)),
            body => Self::hidden_in_object(body, retry_after),
        }
    }

    fn hidden_in_object(body: &Value, retry_after: Option<Duration>) -> Option<Self> {
        let choice = &body["choices"][0];
        let inside = !is_nothing(&choice["error"]) || choice["finish_reason"] == "error";
        // decolua/9router#2727, langfuse/langfuse-python#1741: no choice at all.
        let none = body.get("choices").is_some_and(is_nothing);
        let outside =
            body["type"] == "error" || none || !is_usable(body) && (!is_nothing(&body["error"]) || has_code(body));
        if !inside && !outside {
            return None;
        }
        let error = if is_nothing(&choice["error"]) { body } else { choice };
        let refusal = Self::read(0, error, retry_after);
        let status = codes(innermost(error)).chain(codes(error)).find_map(status_in);
        Some(Self { status: status.unwrap_or_else(|| refusal.status_of_kind()), ..refusal })
    }

    /// Its class.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        let is = |kinds: &[&str]| self.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
        let limit = self.status == 429 && (LIMITS.iter().any(|limit| self.words.contains(limit)) || self.is_used_up());
        if self.status == 402 || is(&SPENT) || limit {
            return ErrorClass::Spent;
        }
        // BerriAI/litellm#12273: without a database LiteLLM knows only its master key, and reports this for any other key.
        if self.status == 401 || is(&KEY) || self.is_refused() && is(&["no_db_connection"]) {
            return ErrorClass::Key;
        }
        if self.status == 404 || is(&MODEL) || self.is_refused() && self.param.as_deref() == Some("model") {
            return ErrorClass::Model;
        }
        if is(&THROTTLED) {
            return ErrorClass::Throttled;
        }
        if is(&PASSING) {
            return ErrorClass::Passing;
        }
        match self.status {
            429 => ErrorClass::Throttled,
            500..=599 if is(&OURS) => ErrorClass::Refused,
            408 | 409 | 425 | 500..=599 => ErrorClass::Passing,
            _ if self.is_refused() => ErrorClass::Refused,
            405 | 407 | 410 => ErrorClass::Address,
            400..=499 => ErrorClass::TurnedAway,
            _ => ErrorClass::Address,
        }
    }

    /// Whether it names the model, rather than any missing page.
    #[must_use]
    pub fn is_about_the_model(&self) -> bool {
        self.kinds.iter().any(|kind| MODEL.contains(&kind.as_str()))
    }

    /// Whether the wording means an empty account. Only for requests without a player's text.
    #[must_use]
    pub fn speaks_of_money(&self) -> bool {
        LIMITS.iter().any(|limit| self.words.contains(limit)) || self.words.contains("exceeded your current quota")
    }

    /// Whether the wording means an unknown model. Only for requests without a player's text.
    #[must_use]
    pub fn speaks_of_the_model(&self) -> bool {
        NO_MODEL.iter().any(|words| self.words.contains(words))
    }

    /// `OpenAI`'s empty account, in the wording that gateways pass on. Google words a per-minute quota the same way, but with a
    /// status of its own or a retry delay.
    fn is_used_up(&self) -> bool {
        self.words.contains("exceeded your current quota")
            && !self.words.contains("resource_exhausted")
            && self.retry_after.is_none()
    }

    const fn is_refused(&self) -> bool {
        matches!(self.status, 400 | 413 | 415 | 422)
    }

    /// The status for an error without one.
    fn status_of_kind(&self) -> u16 {
        let is = |kinds: &[&str]| self.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
        match () {
            () if is(&THROTTLED) => 429,
            () if is(&PASSING) => 529,
            () if is(&SPENT) => 402,
            () if is(&KEY) => 401,
            () if is(&MODEL) || is(&["not_found_error", "not_found"]) => 404,
            () if is(&["permission_error", "permission_denied"]) => 403,
            () if is(&["request_too_large"]) => 413,
            () if is(&OURS) => 400,
            () => 500,
        }
    }
}

/// The first of a list of errors (Gemini); else the value itself.
fn first(body: &Value) -> &Value {
    match body {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        body => body,
    }
}

/// The object with the error's fields.
fn innermost(body: &Value) -> &Value {
    match &body["error"] {
        error @ (Value::Object(_) | Value::String(_)) => error,
        Value::Array(errors) if !errors.is_empty() => &errors[0],
        _ => match &body["errors"] {
            Value::Array(errors) if !errors.is_empty() => &errors[0],
            _ => body,
        },
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The fields in which servers put an error's code, their own or an HTTP status.
fn codes(body: &Value) -> impl Iterator<Item = &Value> {
    let own = ["code", "status", "status_code", "error_code"].map(|field| &body[field]);
    own.into_iter().chain([&body["base_resp"]["status_code"]])
}

/// Whether a body without `error` is one all the same, by a code that does not mean success: Baidu's `error_code`, `MiniMax`'s `base_resp`,
/// `code` and `msg`, older `vLLM`'s `"object": "error"`.
fn has_code(body: &Value) -> bool {
    let fails = |code: &Value| {
        let number = code.as_i64().or_else(|| code.as_str()?.trim().parse().ok());
        !is_nothing(code) && number.is_none_or(|number| number != 0 && !(200..300).contains(&number))
    };
    let named = [&body["code"], &body["error_code"], &body["status_code"], &body["base_resp"]["status_code"]];
    body["object"] == "error" || !is_nothing(&body["errors"]) || named.into_iter().any(fails)
}

/// Whether a body contains an answer besides its error.
fn is_usable(body: &Value) -> bool {
    let message = &body["choices"][0]["message"];
    let said = ["content", "tool_calls", "function_call", "reasoning_content", "reasoning", "refusal"];
    said.iter().any(|field| !is_nothing(&message[*field]))
        || !is_nothing(&body["content"])
        || !is_nothing(&body["data"])
        || !is_nothing(&body["embeddings"])
}

/// The place in the request that `FastAPI` names, such as `["body", "max_tokens"]`, with points between its names.
fn location(place: &Value) -> Option<String> {
    let details = [&place["detail"][0], &place["message"]["detail"][0], place];
    let names = details.into_iter().find_map(|detail| detail["loc"].as_array())?;
    let names: Vec<&str> = names.iter().filter_map(Value::as_str).filter(|name| *name != "body").collect();
    (!names.is_empty()).then(|| names.join(".").to_ascii_lowercase())
}

/// An identifier such as `overloaded_error`, in lower case; `None` for anything else.
fn word(value: &Value) -> Option<String> {
    let word = value.as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_word = word.len() <= 60 && word.bytes().all(plain) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_word && word != "None" && word != "null").then(|| word.to_ascii_lowercase())
}

/// A status as a number or in a string.
fn status_in(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

/// Google's retry delay: `{"@type": "…RetryInfo", "retryDelay": "34.5s"}`.
fn delay(error: &Value) -> Option<Duration> {
    let details = error["details"].as_array()?;
    let text = details.iter().find_map(|detail| detail["retryDelay"].as_str())?;
    let seconds = text.strip_suffix('s')?.parse::<f64>().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests;
