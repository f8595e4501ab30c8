//! What a provider's error means (spec 05): by its status, then by the type and the code in its body.
//!
//! Its words are kept apart, and decide nothing here: a server may quote what a player has written. They only choose which of the
//! fields that we sent was refused ([`super::manner`]), and are redacted before anybody else reads them.

use std::time::Duration;

use serde_json::Value;

/// What is to be thought of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Trouble of the server's that passes.
    Passing,
    /// Too many requests.
    Throttled,
    /// The account's money is used up, which waiting does not mend and no conversation is to blame for.
    Spent,
    /// The key is wrong.
    Key,
    /// The model is not known.
    Model,
    /// Not the address of such a server.
    Address,
    /// 400, 413, 422: the request is refused, be it ours, this conversation's or everybody's.
    Refused,
    /// 403, 424, 498, 499: as above, but waiting may mend it.
    TurnedAway,
}

/// An error as a provider tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The status, or the one that the body names under a good one.
    pub status: u16,
    /// The types and codes of the body, in lower case.
    pub kinds: Vec<String>,
    /// The parameter that it names as such.
    pub param: Option<String>,
    /// All of the body in lower case: private.
    pub words: String,
    /// What it says to people: private.
    pub message: String,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

/// As much of an error's words is looked at.
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
/// Under a status that speaks of the server, these speak of the request.
const OURS: [&str; 5] =
    ["invalid_request_error", "invalid_argument", "not_supported_error", "unsupported_parameter", "badrequesterror"];
/// How spending limits are worded where their type says no more than a rate limit's.
const LIMITS: [&str; 5] =
    ["spend limit", "spending limit", "api usage limits", "credit balance is too low", "hard limit"];

/// How an unknown model is worded where neither status nor type says so: gateways, Mistral, `DeepSeek`, `OpenRouter`.
const NO_MODEL: [&str; 7] = [
    "invalid model",
    "model not exist",
    "model does not exist",
    "not a valid model",
    "unknown model",
    "model not found",
    "no such model",
];

impl Refusal {
    /// Reads the body of an error.
    #[must_use]
    pub fn read(status: u16, body: &Value, retry_after: Option<Duration>) -> Self {
        let body = first(body);
        let error = innermost(body);
        let mut kinds = Vec::new();
        for place in [error, body] {
            let named = ["type", "code", "status", "error_type"].map(|field| &place[field]);
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
        // BerriAI/litellm#8821: the message is an object.
        let said =
            [&error["message"], &error["message"]["error"], error, &body["message"], &body["detail"], &body["msg"]];
        let detail = || body["detail"][0]["msg"].as_str().or_else(|| body["message"]["detail"][0]["msg"].as_str());
        let message = said.into_iter().find_map(Value::as_str).or_else(detail).unwrap_or("it does not say why");
        let words = super::text::first_chars(&body.to_string(), MOST_WORDS).to_lowercase();
        Self {
            status,
            kinds,
            param,
            words,
            message: message.to_owned(),
            retry_after: retry_after.or_else(|| delay(error)),
        }
    }

    /// The error that stands in a body under a good status; none where the body is an answer.
    #[must_use]
    pub fn hidden_in(body: &Value, retry_after: Option<Duration>) -> Option<Self> {
        let body = match body {
            Value::Array(items) => items.iter().find(|item| !is_nothing(&item["error"]))?,
            body => body,
        };
        let choice = &body["choices"][0];
        let inside = !is_nothing(&choice["error"]) || choice["finish_reason"] == "error";
        // decolua/9router#2727, langfuse/langfuse-python#1741: no choice at all.
        let none = body.get("choices").is_some_and(is_nothing);
        let outside = body["type"] == "error" || !is_nothing(&body["error"]) && !is_usable(body) || none;
        if !inside && !outside {
            return None;
        }
        let error = if is_nothing(&choice["error"]) { body } else { choice };
        let told = Self::read(0, error, retry_after);
        let status = [&innermost(error)["code"], &innermost(error)["status"], &error["code"], &error["status"]]
            .into_iter()
            .find_map(status_in)
            .unwrap_or_else(|| told.status_of_kind());
        Some(Self { status, ..told })
    }

    /// What it means.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        let is = |kinds: &[&str]| self.kinds.iter().any(|kind| kinds.contains(&kind.as_str()));
        let limit = self.status == 429 && (LIMITS.iter().any(|limit| self.words.contains(limit)) || self.is_used_up());
        if self.status == 402 || is(&SPENT) || limit {
            return Meaning::Spent;
        }
        // BerriAI/litellm#12273: without a database LiteLLM knows no key but its master's, and says so of another one.
        if self.status == 401 || is(&KEY) || self.is_refused() && is(&["no_db_connection"]) {
            return Meaning::Key;
        }
        if self.status == 404 || is(&MODEL) || self.is_refused() && self.param.as_deref() == Some("model") {
            return Meaning::Model;
        }
        if is(&THROTTLED) {
            return Meaning::Throttled;
        }
        if is(&PASSING) {
            return Meaning::Passing;
        }
        match self.status {
            429 => Meaning::Throttled,
            500..=599 if is(&OURS) => Meaning::Refused,
            408 | 409 | 425 | 500..=599 => Meaning::Passing,
            _ if self.is_refused() => Meaning::Refused,
            403 | 424 | 498 | 499 => Meaning::TurnedAway,
            _ => Meaning::Address,
        }
    }

    /// Whether it names the model as what is wrong, and not only a page that is not there.
    #[must_use]
    pub fn is_about_the_model(&self) -> bool {
        self.kinds.iter().any(|kind| MODEL.contains(&kind.as_str()))
    }

    /// Whether the words speak of an empty account. To be asked only where nobody but us has written the request.
    #[must_use]
    pub fn speaks_of_money(&self) -> bool {
        LIMITS.iter().any(|limit| self.words.contains(limit)) || self.words.contains("exceeded your current quota")
    }

    /// Whether the words speak of a model that is not known. To be asked only where nobody but us has written the request.
    #[must_use]
    pub fn speaks_of_the_model(&self) -> bool {
        NO_MODEL.iter().any(|words| self.words.contains(words))
    }

    /// `OpenAI`'s empty account in the words that gateways keep of it. Google says the same of a minute's quota, with a status of its own
    /// or a time to wait.
    fn is_used_up(&self) -> bool {
        self.words.contains("exceeded your current quota")
            && !self.words.contains("resource_exhausted")
            && self.retry_after.is_none()
    }

    const fn is_refused(&self) -> bool {
        matches!(self.status, 400 | 413 | 415 | 422)
    }

    /// The status for an error that names none.
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

/// Where the error's fields stand.
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

/// Whether a body holds an answer beside its error.
fn is_usable(body: &Value) -> bool {
    let message = &body["choices"][0]["message"];
    let said = ["content", "tool_calls", "function_call", "reasoning_content", "reasoning", "refusal"];
    said.iter().any(|field| !is_nothing(&message[*field]))
        || !is_nothing(&body["content"])
        || !is_nothing(&body["data"])
}

/// A word of the API, such as `overloaded_error`, in lower case; none where it is anything else.
fn word(value: &Value) -> Option<String> {
    let word = value.as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_word = word.len() <= 60 && word.bytes().all(plain) && word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (is_word && word != "None" && word != "null").then(|| word.to_ascii_lowercase())
}

/// A status as a number or as a text of one.
fn status_in(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    u16::try_from(number).ok().filter(|status| (400..600).contains(status))
}

/// Google's way of asking to wait: `{"@type": "…RetryInfo", "retryDelay": "34.5s"}`.
fn delay(error: &Value) -> Option<Duration> {
    let details = error["details"].as_array()?;
    let text = details.iter().find_map(|detail| detail["retryDelay"].as_str())?;
    let seconds = text.strip_suffix('s')?.parse::<f64>().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    // OpenRouter: https://openrouter.ai/docs/api-reference/errors
    #[case::openrouter(json!({"error": {"code": 429, "message": "Rate limited"}}), Some((429, Meaning::Throttled)))]
    #[case::in_a_choice(json!({"choices": [{"error": {"code": 502, "message": "Provider returned error"},
        "finish_reason": "error", "message": {"content": "half an ans"}}]}), Some((502, Meaning::Passing)))]
    #[case::finish_reason(json!({"choices": [{"finish_reason": "error", "message": {"content": ""}}]}), Some((500, Meaning::Passing)))]
    #[case::anthropic(json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}), Some((529, Meaning::Passing)))]
    #[case::bare(json!({"type": "error"}), Some((500, Meaning::Passing)))]
    // Gemini's OpenAI endpoint answers with a list.
    #[case::a_list(json!([{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}]), Some((503, Meaning::Passing)))]
    #[case::a_numeric_text(json!({"error": {"code": "401", "message": "no"}, "choices": []}), Some((401, Meaning::Key)))]
    #[case::a_text(json!({"error": "model is loading"}), Some((500, Meaning::Passing)))]
    #[case::key(json!({"error": {"type": "authentication_error"}}), Some((401, Meaning::Key)))]
    #[case::an_answer(json!({"error": null, "choices": [{"message": {"content": "x"}}]}), None)]
    #[case::a_warning_beside_an_answer(json!({"error": {"message": "slow"}, "choices": [{"message": {"content": "x"}}]}), None)]
    #[case::vectors(json!({"error": "", "data": [{}]}), None)]
    #[case::an_empty_error(json!({"error": {}, "choices": [{"message": {"content": "x"}}]}), None)]
    #[case::no_choice(json!({"id": "x", "choices": null}), Some((500, Meaning::Passing)))]
    fn errors_under_a_good_status(#[case] body: Value, #[case] found: Option<(u16, Meaning)>) {
        let hidden = Refusal::hidden_in(&body, None);
        assert_eq!(hidden.map(|it| (it.status, it.meaning())), found);
    }

    #[rstest]
    #[case::key(401, json!({}), Meaning::Key)]
    // LiteLLM, BerriAI/litellm proxy/_types.py ProxyErrorTypes.
    #[case::litellm_key(400, json!({"error": {"message": "Authentication Error", "type": "auth_error", "param": "None", "code": "400"}}), Meaning::Key)]
    #[case::litellm_unknown(400, json!({"error": {"message": "Invalid model name", "type": "invalid_request_error", "param": "model", "code": "400"}}), Meaning::Model)]
    #[case::litellm_denied(403, json!({"error": {"message": "", "type": "key_model_access_denied", "param": "model", "code": "403"}}), Meaning::Model)]
    #[case::litellm_budget(400, json!({"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded", "param": null, "code": "400"}}), Meaning::Spent)]
    #[case::vllm(404, json!({"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "param": null, "code": 404}), Meaning::Model)]
    #[case::ollama(404, json!({"error": {"message": "model 'x' not found", "type": "not_found_error", "param": null, "code": null}}), Meaning::Model)]
    #[case::groq(400, json!({"error": {"message": "decommissioned", "type": "invalid_request_error", "code": "model_decommissioned"}}), Meaning::Model)]
    #[case::mistral(400, json!({"object": "error", "message": "Invalid model: x", "type": "invalid_model", "param": null, "code": "1500"}), Meaning::Model)]
    #[case::azure(404, json!({"error": {"code": "DeploymentNotFound", "message": "no"}}), Meaning::Model)]
    #[case::gemini_key(400, json!([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
        "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}]), Meaning::Key)]
    #[case::openai_model(403, json!({"error": {"code": "model_not_found", "type": "invalid_request_error"}}), Meaning::Model)]
    #[case::overloaded_under_400(400, json!({"error": {"type": "overloaded_error"}}), Meaning::Passing)]
    #[case::rate_under_400(400, json!({"error": {"type": "rate_limit_error"}}), Meaning::Throttled)]
    #[case::deepseek_empty(402, json!({"error": {"message": "Insufficient Balance", "type": "unknown_error"}}), Meaning::Spent)]
    #[case::quota(429, json!({"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}), Meaning::Spent)]
    #[case::spend_limit(429, json!({"error": {"type": "rate_limit_error", "message": "This would exceed your monthly spend limit"}}), Meaning::Spent)]
    // OpenHands/OpenHands#998: a gateway keeps the words alone.
    #[case::quota_in_words(429, json!({"error": {"message": "RateLimitError: You exceeded your current quota, please check your plan", "type": "throttling_error", "code": "429"}}), Meaning::Spent)]
    // BerriAI/litellm#9035: Google's, by the minute, through a gateway.
    #[case::gemini_through_a_gateway(429, json!({"error": {"message": "VertexAIException - b'{\"message\": \"You exceeded your current quota\", \"status\": \"RESOURCE_EXHAUSTED\"}'", "code": "429"}}), Meaning::Throttled)]
    #[case::litellm_no_database(400, json!({"error": {"message": "No connected db.", "type": "no_db_connection", "param": null, "code": "400"}}), Meaning::Key)]
    #[case::litellm_database_away(503, json!({"error": {"message": "No connected db.", "type": "no_db_connection"}}), Meaning::Passing)]
    #[case::gemini_rate(429, json!([{"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}}]), Meaning::Throttled)]
    #[case::ours_under_500(500, json!({"error": {"type": "invalid_request_error"}}), Meaning::Refused)]
    #[case::refused(400, json!({"error": {"message": "thinking of your key and model_not_found", "type": "invalid_request_error"}}), Meaning::Refused)]
    #[case::firewall(403, json!("<html>blocked</html>"), Meaning::TurnedAway)]
    #[case::redirect(302, json!({}), Meaning::Address)]
    #[case::not_allowed(405, json!({}), Meaning::Address)]
    fn status_type_and_code_decide(#[case] status: u16, #[case] body: Value, #[case] meaning: Meaning) {
        assert_eq!(Refusal::read(status, &body, None).meaning(), meaning);
    }

    #[test]
    fn where_the_words_and_the_wait_stand_makes_no_difference() {
        // mistralai: 422 with FastAPI's list.
        let body = json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted"}]});
        let told = Refusal::read(422, &body, None);
        assert_eq!(
            (told.kinds.as_slice(), told.message.as_str()),
            (&["extra_forbidden".to_owned()][..], "Extra inputs are not permitted")
        );
        assert!(told.words.contains("max_completion_tokens"));
        let body = json!([{"error": {"code": 429, "details": [{"retryDelay": "34.5s"}]}}]);
        assert_eq!(Refusal::read(429, &body, None).retry_after, Some(Duration::from_millis(34_500)));
        assert_eq!(Refusal::read(500, &json!(null), None).message, "it does not say why");
    }
}
