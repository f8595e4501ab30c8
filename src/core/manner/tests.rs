use rstest::rstest;
use serde_json::json;

use super::*;

fn chat() -> Value {
    json!({"model": "m", "messages": [{"role": "system", "content": "i"}, {"role": "user", "content": "d"}],
           "max_completion_tokens": 8192, "response_format": {"type": "json_schema"}})
}

fn claude() -> Value {
    json!({"model": "m", "max_tokens": 8192, "system": [{"type": "text", "text": "i", "cache_control": {"type": "ephemeral"}}],
           "messages": [], "tools": [], "tool_choice": {}, "thinking": {"type": "disabled"}})
}

fn vectors() -> Value {
    json!({"model": "m", "input": ["x"], "encoding_format": "base64", "dimensions": 1536})
}

fn told(body: &Value) -> ProviderError {
    ProviderError::read(400, body, None)
}

fn learn(manner: &Manner, sent: &Value, message: &str) -> Option<(Topic, Manner)> {
    let sent = Sent { body: sent, transcript: Some(1_000), private: "", limits: Limits::default() };
    manner.learn(&told(&json!({"error": {"message": message}})), sent)
}

#[rstest]
// editor-code-assistant/eca#231
#[case::mistral(chat(), "body.max_completion_tokens: Extra inputs are not permitted", Topic::ReplyLimit)]
#[case::openai(
    chat(),
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    Topic::ReplyLimit
)]
// llm-exe/llm-exe#662
#[case::deepseek(chat(), "This response_format type is unavailable now", Topic::Structure)]
#[case::groq(chat(), "This model does not support response format `json_schema`.", Topic::Structure)]
#[case::gemini(chat(), "Invalid JSON payload received. Unknown name \"additionalProperties\"", Topic::Structure)]
#[case::lm_studio(chat(), "'response_format.type' must be 'json_schema' or 'text'", Topic::Structure)]
#[case::vllm_context(
    chat(),
    "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens",
    Topic::Context
)]
#[case::gemma(chat(), "Developer instruction is not enabled for models/gemma-3-27b-it", Topic::System)]
// kubeai-project/kubeai#499
#[case::template(chat(), "Conversation roles must alternate user/assistant/user/assistant/...", Topic::System)]
#[case::forced(claude(), "tool_choice forces tool use is not compatible with this model", Topic::ToolChoice)]
#[case::thinking(claude(), "thinking.type: Input should be 'adaptive'", Topic::ToolChoice)]
#[case::cache(claude(), "system.0.cache_control: Extra inputs are not permitted", Topic::Cache)]
#[case::no_tools(claude(), "this model does not support tools", Topic::Structure)]
#[case::claude_context(claude(), "prompt is too long: 208310 tokens > 200000 maximum", Topic::Context)]
#[case::base64(vectors(), "encoding_format: only float is supported", Topic::Encoding)]
#[case::matryoshka(
    vectors(),
    "Model \"m\" does not support matryoshka representation, changing output dimensions",
    Topic::Dimensions
)]
fn words_choose_among_what_was_sent(#[case] sent: Value, #[case] message: &str, #[case] expected: Topic) {
    assert_eq!(learn(&Manner::default(), &sent, message).map(|(topic, _)| topic), Some(expected), "{message}");
}

#[rstest]
#[case::not_sent(chat(), "tool_choice and thinking are not supported, nor is encoding_format")]
#[case::nothing_of_ours(chat(), "Request contains an invalid argument.")]
#[case::no_context_of_texts(vectors(), "maximum context length is 8192 tokens")]
fn nothing_is_learnt_about_a_field_that_was_not_sent(#[case] sent: Value, #[case] message: &str) {
    assert_eq!(learn(&Manner::default(), &sent, message), None);
}

#[test]
fn the_named_parameter_counts_more_than_the_wording() {
    let body = json!({"error": {"message": "json_schema is fine", "param": "max_completion_tokens"}});
    let sent = chat();
    let sent = Sent { body: &sent, transcript: None, private: "", limits: Limits::default() };
    assert_eq!(topic(&told(&body), sent), Some(Topic::ReplyLimit));
}

/// A server can quote the player: a named field, a type and words of its own count more than words that may be the player's.
#[rstest]
#[case::param(json!({"param": "max_completion_tokens", "message": "not supported, in: a context window with tools"}), Topic::ReplyLimit)]
#[case::place(json!({"loc": ["body", "max_completion_tokens"], "msg": "Extra inputs", "input": "a context window"}), Topic::ReplyLimit)]
#[case::first_word(json!({"message": "response_format.type: unknown, in: a context window"}), Topic::Structure)]
#[case::a_type(json!({"code": "context_length_exceeded", "param": "max_completion_tokens"}), Topic::Context)]
#[case::own_words(json!({"message": "max_completion_tokens is unknown, in: a context window with tools"}), Topic::ReplyLimit)]
#[case::no_other_words(json!({"message": "no tools, in: a context window with tools"}), Topic::Context)]
fn a_players_words_count_last(#[case] error: Value, #[case] expected: Topic) {
    let sent = chat();
    let private = "user: I dreamt of a Context Window with tools";
    let sent = Sent { body: &sent, transcript: None, private, limits: Limits::default() };
    let refusal = told(&json!({ "error": error }));
    assert_eq!(topic(&refusal, sent), Some(expected));
    assert_eq!(may_quote(&refusal, sent), error["message"] == "no tools, in: a context window with tools");
}

#[test]
fn a_repair_takes_its_room_from_the_transcript() {
    let limits = Limits { context: Some(4_096), reply: None };
    let manner = Manner::default();
    let quote = manner.quote_limit(limits, 400);
    let transcript = manner.transcript_limit(limits, 400, quote + 50).unwrap();
    assert_eq!((quote, transcript), (1_024, 4_096 - 1_024 - 400 - 100 - 1_024 - 50));
    let learnt = Manner { transcript_tokens: Some(500), ..Manner::default() };
    assert_eq!((learnt.quote_limit(limits, 400), learnt.transcript_limit(limits, 400, 300)), (250, Some(200)));
    assert_eq!(manner.transcript_limit(limits, 9_000, 100), Some(LEAST_TRANSCRIPT_TOKENS));
    assert_eq!(manner.quote_limit(Limits::default(), 400), MOST_REPLY_TOKENS);
}

#[test]
fn structured_output_is_given_up_step_by_step() {
    let first = learn(&Manner::default(), &chat(), "response_format").unwrap().1;
    let second = learn(&first, &chat(), "response_format").unwrap().1;
    assert_eq!((first.structure, second.structure), (Structure::Json, Structure::Prompted));
    assert_eq!(learn(&second, &chat(), "response_format"), None, "nothing is left to change");
    assert_eq!(learn(&Manner::default(), &claude(), "no tools").unwrap().1.structure, Structure::Prompted);
}

#[rstest]
#[case("max_completion_tokens is too large: 8192. This model supports at most 4096 completion tokens", 4096)]
#[case("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens", 4096)]
#[case("Invalid max_tokens value, the valid range of max_tokens is [1, 8000]", 8000)]
#[case("`max_tokens` must be less than or equal to `1,024`", 1024)]
#[case("max_tokens is too large", 4096)]
fn a_limit_that_is_too_large_becomes_smaller(#[case] message: &str, #[case] tokens: u32) {
    assert_eq!(learn(&Manner::default(), &chat(), message).unwrap().1.reply_limit(Limits::default()), tokens);
}

#[test]
fn a_quotation_of_the_request_does_not_make_a_limit_too_large() {
    let said = format!("max_completion_tokens is unknown, in: {} at most 300 facts", "x".repeat(300));
    let next = learn(&Manner::default(), &chat(), &said).unwrap().1;
    assert_eq!((next.max_tokens, next.reply_tokens), (true, None));
}

#[test]
fn a_limit_is_renamed_and_then_left_out() {
    let first = learn(&Manner::default(), &chat(), "max_completion_tokens: unknown").unwrap().1;
    assert!(first.max_tokens);
    let sent = json!({"messages": [], "max_tokens": 8192});
    assert!(learn(&first, &sent, "max_tokens: unknown").unwrap().1.unlimited);
}

#[test]
fn a_short_context_shortens_the_reply_and_then_the_transcript() {
    let said =
        "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens (808 in the messages)";
    let first = learn(&Manner::default(), &chat(), said).unwrap().1;
    assert_eq!((first.reply_tokens, first.transcript_tokens), (Some(1024), None));
    let second = learn(&first, &chat(), said).unwrap().1;
    assert_eq!((second.reply_tokens, second.transcript_tokens), (Some(1024), Some(500)));
    // Ollama and OpenRouter do not say how long the context is.
    let mut manner = Manner::default();
    for _ in 0..4 {
        manner = learn(&manner, &chat(), "the request exceeds the context size").unwrap().1;
    }
    assert_eq!((manner.reply_tokens, manner.transcript_tokens), (Some(2048), Some(125)), "half of it each time");
    // llama.cpp: https://github.com/ggml-org/llama.cpp/blob/master/tools/server (exceed_context_size_error).
    let body = json!({"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it",
                                "type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 2048}});
    let sent = chat();
    let sent = Sent { body: &sent, transcript: Some(8_000), private: "", limits: Limits::default() };
    assert_eq!(Manner::default().learn(&told(&body), sent).unwrap().1.reply_tokens, Some(512));
}

#[test]
fn settings_bound_learnt_limits() {
    let limits = Limits { context: Some(4_096), reply: None };
    let manner = Manner::default();
    assert_eq!(
        (manner.reply_limit(limits), manner.transcript_limit(limits, 400, 0)),
        (1_024, Some(4_096 - 1_024 - 400 - 100))
    );
    let limits = Limits { context: None, reply: Some(300) };
    assert_eq!((manner.reply_limit(limits), manner.transcript_limit(limits, 400, 50)), (300, None));
    let learnt = Manner { reply_tokens: Some(9_000), ..Manner::default() };
    assert_eq!(learnt.reply_limit(limits), 300);
}

#[test]
fn it_is_stored_as_json_and_shown_in_words() {
    let manner = Manner { max_tokens: true, structure: Structure::Json, reply_tokens: Some(512), ..Manner::default() };
    let text = serde_json::to_string(&manner).unwrap();
    assert_eq!(serde_json::from_str::<Manner>(&text).unwrap(), manner);
    assert_eq!(serde_json::from_str::<Manner>("{\"of_a_later_version\": 1}").unwrap(), Manner::default());
    assert_eq!(manner.words().len(), 3);
    assert!(Manner::default().words().is_empty());
}
