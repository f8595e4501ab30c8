//! Each case is the behaviour of a real server, with the public report if there is one.

use rstest::rstest;
use serde_json::json;

use super::*;

#[rstest]
// OpenRouter: https://openrouter.ai/docs/api-reference/errors
#[case::openrouter(json!({"error": {"code": 429, "message": "Rate limited"}}), Some((429, ErrorClass::Throttled)))]
#[case::in_a_choice(json!({"choices": [{"error": {"code": 502, "message": "Provider returned error"},
    "finish_reason": "error", "message": {"content": "half an ans"}}]}), Some((502, ErrorClass::Passing)))]
#[case::finish_reason(json!({"choices": [{"finish_reason": "error", "message": {"content": ""}}]}), Some((500, ErrorClass::Passing)))]
#[case::anthropic(json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}), Some((529, ErrorClass::Passing)))]
#[case::bare(json!({"type": "error"}), Some((500, ErrorClass::Passing)))]
// Gemini's OpenAI endpoint answers with a list.
#[case::a_list(json!([{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}]), Some((503, ErrorClass::Passing)))]
#[case::a_numeric_text(json!({"error": {"code": "401", "message": "no"}, "choices": []}), Some((401, ErrorClass::Key)))]
#[case::a_text(json!({"error": "model is loading"}), Some((500, ErrorClass::Passing)))]
#[case::key(json!({"error": {"type": "authentication_error"}}), Some((401, ErrorClass::Key)))]
#[case::an_answer(json!({"error": null, "choices": [{"message": {"content": "x"}}]}), None)]
#[case::a_warning_beside_an_answer(json!({"error": {"message": "slow"}, "choices": [{"message": {"content": "x"}}]}), None)]
#[case::vectors(json!({"error": "", "data": [{}]}), None)]
#[case::an_empty_error(json!({"error": {}, "choices": [{"message": {"content": "x"}}]}), None)]
#[case::no_choice(json!({"id": "x", "choices": null}), Some((500, ErrorClass::Passing)))]
// Without `error`: Baidu's ERNIE, gateways, older vLLM, MiniMax, Cloudflare.
#[case::baidu(json!({"error_code": 18, "error_msg": "Open api qps request limit reached"}), Some((500, ErrorClass::Passing)))]
#[case::a_code(json!({"code": 429, "msg": "rate limited"}), Some((429, ErrorClass::Throttled)))]
#[case::a_code_in_text(json!({"code": "401", "message": "no", "data": null}), Some((401, ErrorClass::Key)))]
#[case::a_word_for_a_code(json!({"code": "rate_limit_exceeded", "message": "slow down"}), Some((429, ErrorClass::Throttled)))]
#[case::vllm(json!({"object": "error", "message": "busy", "code": 503}), Some((503, ErrorClass::Passing)))]
#[case::an_object(json!({"object": "error", "message": "busy"}), Some((500, ErrorClass::Passing)))]
#[case::minimax(json!({"vectors": null, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}), Some((500, ErrorClass::Passing)))]
#[case::cloudflare(json!({"success": false, "errors": [{"code": 429, "message": "busy"}], "result": null}), Some((429, ErrorClass::Throttled)))]
#[case::a_list_of_bare_ones(json!([{"type": "error"}]), Some((500, ErrorClass::Passing)))]
#[case::a_list_of_codes(json!([{"code": 503, "msg": "busy"}]), Some((503, ErrorClass::Passing)))]
#[case::nothing_known(json!({"id": "x"}), None)]
#[case::a_code_of_success(json!({"code": 0, "msg": "ok", "base_resp": {"status_code": "200"}}), None)]
#[case::a_code_beside_an_answer(json!({"code": 429, "content": [{"type": "text", "text": "x"}]}), None)]
#[case::a_code_beside_vectors(json!({"code": 1, "embeddings": [[0.5]]}), None)]
#[case::a_list_of_vectors(json!([{"object": "embedding", "embedding": [0.5], "index": 0}]), None)]
#[case::a_list_of_numbers(json!([[0.5, 0.5]]), None)]
fn errors_under_a_good_status(#[case] body: Value, #[case] found: Option<(u16, ErrorClass)>) {
    let hidden = ProviderError::hidden_in(&body, None);
    assert_eq!(hidden.map(|it| (it.status, it.class())), found);
}

#[rstest]
#[case::key(401, json!({}), ErrorClass::Key)]
// LiteLLM, BerriAI/litellm proxy/_types.py ProxyErrorTypes.
#[case::litellm_key(400, json!({"error": {"message": "Authentication Error", "type": "auth_error", "param": "None", "code": "400"}}), ErrorClass::Key)]
#[case::litellm_unknown(400, json!({"error": {"message": "Invalid model name", "type": "invalid_request_error", "param": "model", "code": "400"}}), ErrorClass::Model)]
#[case::litellm_denied(403, json!({"error": {"message": "", "type": "key_model_access_denied", "param": "model", "code": "403"}}), ErrorClass::Model)]
#[case::litellm_budget(400, json!({"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded", "param": null, "code": "400"}}), ErrorClass::Spent)]
#[case::vllm(404, json!({"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "param": null, "code": 404}), ErrorClass::Model)]
#[case::ollama(404, json!({"error": {"message": "model 'x' not found", "type": "not_found_error", "param": null, "code": null}}), ErrorClass::Model)]
#[case::groq(400, json!({"error": {"message": "decommissioned", "type": "invalid_request_error", "code": "model_decommissioned"}}), ErrorClass::Model)]
#[case::mistral(400, json!({"object": "error", "message": "Invalid model: x", "type": "invalid_model", "param": null, "code": "1500"}), ErrorClass::Model)]
#[case::azure(404, json!({"error": {"code": "DeploymentNotFound", "message": "no"}}), ErrorClass::Model)]
#[case::gemini_key(400, json!([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}}]), ErrorClass::Key)]
#[case::openai_model(403, json!({"error": {"code": "model_not_found", "type": "invalid_request_error"}}), ErrorClass::Model)]
#[case::overloaded_under_400(400, json!({"error": {"type": "overloaded_error"}}), ErrorClass::Passing)]
#[case::rate_under_400(400, json!({"error": {"type": "rate_limit_error"}}), ErrorClass::Throttled)]
#[case::deepseek_empty(402, json!({"error": {"message": "Insufficient Balance", "type": "unknown_error"}}), ErrorClass::Spent)]
#[case::quota(429, json!({"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}), ErrorClass::Spent)]
#[case::spend_limit(429, json!({"error": {"type": "rate_limit_error", "message": "This would exceed your monthly spend limit"}}), ErrorClass::Spent)]
// OpenHands/OpenHands#998: a gateway passes on only the wording.
#[case::quota_in_words(429, json!({"error": {"message": "RateLimitError: You exceeded your current quota, please check your plan", "type": "throttling_error", "code": "429"}}), ErrorClass::Spent)]
// BerriAI/litellm#9035: Google's per-minute quota through a gateway.
#[case::gemini_through_a_gateway(429, json!({"error": {"message": "VertexAIException - b'{\"message\": \"You exceeded your current quota\", \"status\": \"RESOURCE_EXHAUSTED\"}'", "code": "429"}}), ErrorClass::Throttled)]
#[case::litellm_no_database(400, json!({"error": {"message": "No connected db.", "type": "no_db_connection", "param": null, "code": "400"}}), ErrorClass::Key)]
#[case::litellm_database_away(503, json!({"error": {"message": "No connected db.", "type": "no_db_connection"}}), ErrorClass::Passing)]
#[case::gemini_rate(429, json!([{"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}}]), ErrorClass::Throttled)]
#[case::ours_under_500(500, json!({"error": {"type": "invalid_request_error"}}), ErrorClass::Refused)]
#[case::refused(400, json!({"error": {"message": "thinking of your key and model_not_found", "type": "invalid_request_error"}}), ErrorClass::Refused)]
#[case::firewall(403, json!("<html>blocked</html>"), ErrorClass::TurnedAway)]
#[case::a_firewalls_choice(406, json!({}), ErrorClass::TurnedAway)]
#[case::a_firewalls_joke(418, json!({}), ErrorClass::TurnedAway)]
#[case::legal_reasons(451, json!({}), ErrorClass::TurnedAway)]
#[case::unknown(499, json!({}), ErrorClass::TurnedAway)]
#[case::redirect(302, json!({}), ErrorClass::Address)]
#[case::not_allowed(405, json!({}), ErrorClass::Address)]
#[case::a_proxy(407, json!({}), ErrorClass::Address)]
#[case::gone(410, json!({}), ErrorClass::Address)]
fn status_type_and_code_decide(#[case] status: u16, #[case] body: Value, #[case] class: ErrorClass) {
    assert_eq!(ProviderError::read(status, &body, None).class(), class);
}

#[test]
fn message_and_retry_delay_are_found_in_other_places() {
    // mistralai: 422 with FastAPI's list.
    let body = json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted"}]});
    let refusal = ProviderError::read(422, &body, None);
    assert_eq!(
        (refusal.kinds.as_slice(), refusal.message.as_str()),
        (&["extra_forbidden".to_owned()][..], "Extra inputs are not permitted")
    );
    assert!(refusal.words.contains("max_completion_tokens"));
    assert_eq!(refusal.param.as_deref(), Some("max_completion_tokens"), "the place counts as the parameter");
    let body = json!({"message": {"detail": [{"loc": ["body", "response_format", 0, "type"], "msg": "no"}]}});
    assert_eq!(ProviderError::read(422, &body, None).param.as_deref(), Some("response_format.type"));
    let body = json!({"error_code": 110, "error_msg": "Access token invalid"});
    assert_eq!(ProviderError::read(400, &body, None).message, "Access token invalid");
    // A long quotation of the request hides no reason.
    let body = json!({"error": {"input": "x".repeat(MOST_WORDS), "message": "No tools"}});
    assert!(ProviderError::read(400, &body, None).words.contains("no tools"));
    let body = json!([{"error": {"code": 429, "details": [{"retryDelay": "34.5s"}]}}]);
    assert_eq!(ProviderError::read(429, &body, None).retry_after, Some(Duration::from_millis(34_500)));
    assert_eq!(ProviderError::read(500, &json!(null), None).message, "it does not say why");
}
