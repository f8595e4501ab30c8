//! Servers as they are: what they refuse of our requests, what they refuse of a conversation, and how they say so. Each refusal is
//! worded as in the report beside it.

use serde_json::{Value, json};

use super::{one, process, state};
use crate::on_every_database;
use crate::support::bin::Bin;
use crate::support::db::Db;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Request, Step, chat};
use crate::support::promises;
use crate::support::seed::{Player, at, backlog, conversation, time, transcript};

const HOUR: i64 = 3_600;

fn refused(message: &str) -> Step {
    Step::Answer(
        400,
        vec![],
        json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": null}})
            .to_string(),
    )
}

/// A run so many seconds after the first one.
fn run(db: &Db, server: &ModelServer, seconds: i64) -> Bin {
    let bin = server.serves(db.command(&["process-conversations", "--force", "--now", &time(seconds)]));
    bin.env("NIKITA_LLM", "openai:model-1").env("NIKITA_ENRICH", "false").env("NIKITA_BACKOFF", "10ms")
}

fn said(request: &Request) -> String {
    request.body["messages"].to_string()
}

/// A 422 about one field, as from Mistral, then a 400 about another, as from `DeepSeek`.
fn mistral_then_deepseek(request: &Request) -> Step {
    if request.body.get("max_completion_tokens").is_some() {
        // editor-code-assistant/eca#231
        let detail = json!({"object": "error", "type": "invalid_request_error", "param": null, "code": null, "message": {"detail": [
            {"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted", "input": 8192}]}});
        return Step::Answer(422, vec![], detail.to_string());
    }
    if request.body["response_format"]["type"] == "json_schema" {
        // llm-exe/llm-exe#662
        return refused("This response_format type is unavailable now");
    }
    Step::Good
}

on_every_database! {
    fn what_is_learnt_serves_all_and_is_kept_for_a_day(db) {
        backlog(db, 14);
        let server = ModelServer::start();
        server.script(CHAT, [Step::By(mistral_then_deepseek)]);
        let result = run(db, &server, 0).args(&["--batch", "12"]).done().code(0).json();
        assert_eq!((&result["processed"], &result["failed"]), (&json!(12), &json!(0)));
        let words = result["learnt"][0]["asked"].to_string();
        assert!(words.contains("max_tokens instead of") && words.contains("json_object"), "{words}");
        // Ten at once met the first refusal at most, one of them learnt; nobody met it again.
        let requests = server.requests(CHAT);
        let first = requests.iter().filter(|it| it.body.get("max_completion_tokens").is_some()).count();
        let second = requests.iter().filter(|it| it.body["response_format"]["type"] == "json_schema").count();
        assert!(first <= 10 && second == first + 1 && requests.len() == second + 12, "{first}, {second}, {}", requests.len());
        assert!(said(requests.last().unwrap()).contains("JSON schema"));

        // The next minute's run knows it; after a day it is learnt anew.
        let asked = |seconds: i64| {
            let before = server.calls(CHAT);
            assert_eq!(run(db, &server, seconds).args(&["--batch", "1"]).done().code(0).json()["processed"], 1);
            server.calls(CHAT) - before
        };
        assert_eq!(asked(60), 1);
        assert_eq!(asked(25 * HOUR), 3);
        promises::kept(db);
    }

    fn a_refused_conversation_waits_and_its_players_newer_ones_go_on(db) {
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(db);
        let old = conversation(db, user, -3 * HOUR, &transcript(&["This is the forbidden word."]));
        let new = conversation(db, user, -2 * HOUR, &transcript(&["I work as a nurse."]));
        let server = ModelServer::start();
        server.script(CHAT, [Step::By(|request| {
            if said(request).contains("forbidden") { refused("Your input was flagged.") } else { Step::Good }
        })]);
        let status = |id| db.rows(&format!("select status, processing_attempts, refusals from conversations where id = '{id}'")).remove(0);
        let calls = |seconds: i64, code: i32| {
            let before = server.calls(CHAT);
            run(db, &server, seconds).done().code(code);
            server.calls(CHAT) - before
        };
        assert_eq!(calls(0, 0), 3, "the old one, a harmless question, and the new one");
        assert_eq!((status(old), status(new)), (vec!["active".into(), "1".into(), "1".into()], vec!["processed".into(), "1".into(), "0".into()]));
        assert_eq!(calls(HOUR - 60, 0), 0, "it waits an hour");
        assert_eq!(calls(HOUR + 60, 0), 2);
        assert_eq!(calls(6 * HOUR, 0), 0, "then six");
        assert_eq!(calls(8 * HOUR, 3), 2);
        assert_eq!(status(old), ["failed", "3", "2"]);
        let error = db.value(&format!("select last_error from conversations where id = '{old}'"));
        assert!(error.contains("answered 400 (invalid_request_error): Your input was flagged."), "{error}");
        promises::kept(db);
    }

    fn a_model_that_nobody_knows_costs_no_attempt(db) {
        backlog(db, 25);
        let server = ModelServer::start();
        // BerriAI/litellm#8821: 400 for an unknown model; no type, no code, an object for a message; and a word of the player's.
        server.script(CHAT, [Step::By(|_| Step::Answer(400, vec![], json!({"error": {
            "message": {"error": "/chat/completions: Invalid model name passed in model=model-1. nurse"}, "type": "None", "param": "None", "code": "400"
        }}).to_string()))]);
        let done = run(db, &server, 0).done().code(78);
        assert_eq!(done.json()["error"]["kind"], "configuration");
        assert!(done.error().contains("it does not know the model"), "a harmless question's refusal can be believed: {}", done.error());
        assert_eq!(db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0"), 25.0);
        assert!(server.calls(CHAT) <= 10 + 1, "ten at once, and one harmless question: {}", server.calls(CHAT));
        promises::kept(db);
    }
}

#[test]
fn a_wrong_key_is_known_however_it_is_said() {
    // Gemini's OpenAI endpoint, LiteLLM's proxy, OpenRouter.
    let gemini = json!([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
                                   "details": [{"reason": "API_KEY_INVALID"}]}}]);
    let litellm = json!({"error": {"message": "Authentication Error, Invalid proxy server token passed", "type": "auth_error",
                                   "param": "None", "code": "400"}});
    let under_200 = json!({"error": {"code": 401, "message": "No auth credentials found"}});
    // BerriAI/litellm#12273: a proxy without a database.
    let no_database =
        json!({"error": {"message": "No connected db.", "type": "no_db_connection", "param": null, "code": "400"}});
    for (status, body) in [(400, gemini), (400, litellm), (200, under_200), (400, no_database)] {
        let (db, server) = one();
        server.script(CHAT, [Step::Answer(status, vec![], body.to_string())]);
        let done = process(&db, &server, "openai").done().code(78);
        assert!(done.error().contains("the key in OPENAI_API_KEY is wrong"), "{}", done.error());
        assert_eq!((server.calls(CHAT), state(&db)), (1, ["active".into(), "0".into(), "0".into()]));
    }
}

#[test]
fn trouble_is_trouble_under_any_status() {
    // Under 200: immersive-translate/immersive-translate#2725 and Aider-AI/aider#3550, as a body; https://openrouter.ai/docs/api-reference/errors,
    // in a choice and by its finish reason; decolua/9router#2727 and langfuse/langfuse-python#1741, no choice at all.
    let bodies = [
        (200, json!({"error": {"code": 429, "message": "Provider returned error"}})),
        (
            200,
            json!({"choices": [{"error": {"code": 502, "message": "x"}, "message": {"content": "half"}, "finish_reason": "error"}]}),
        ),
        (200, json!({"choices": [{"message": {"content": ""}, "finish_reason": "error"}]})),
        (200, json!([{"error": {"code": 503, "status": "UNAVAILABLE"}}])),
        (200, json!({"type": "error", "error": {"type": "overloaded_error"}})),
        (200, json!({"id": "x", "object": "chat.completion", "choices": null})),
        (400, json!({"error": {"type": "rate_limit_error", "message": "slow down"}})),
        (422, json!({"error": {"code": "engine_overloaded"}})),
        // Without `error`: Baidu's ERNIE, gateways, older vLLM, MiniMax; and a list of such.
        (200, json!({"error_code": 18, "error_msg": "Open api qps request limit reached"})),
        (200, json!({"code": 429, "msg": "rate limited"})),
        (200, json!({"object": "error", "message": "busy", "type": "x", "code": 503})),
        (200, json!({"reply": "", "base_resp": {"status_code": 1002, "status_msg": "rate limit"}})),
        (200, json!([{"type": "error"}])),
    ];
    for (status, body) in bodies {
        let (db, server) = one();
        server.script(CHAT, [Step::Answer(status, vec![], body.to_string())]);
        process(&db, &server, "openai").done().code(69);
        assert_eq!((server.calls(CHAT), state(&db)), (4, ["active".into(), "0".into(), "1".into()]), "{body}");
    }
}

#[test]
fn whoever_says_when_is_asked_then() {
    for status in [408, 409, 429, 500, 503, 529] {
        let (db, server) = one();
        server.script(CHAT, [Step::status(status).header("retry-after", "1"), Step::Good]);
        process(&db, &server, "openai").done().code(0);
        assert!(server.pauses(CHAT)[0].as_millis() >= 1_000, "{status}: {:?}", server.pauses(CHAT));
    }
}

#[test]
fn one_that_a_firewall_turns_away_holds_nobody_up() {
    for status in [403, 406, 418, 424, 431, 451, 498, 499] {
        let db = Db::sqlite();
        let ids = backlog(&db, 4);
        let text = transcript(&["<script>alert(1)</script>"]).to_string().replace('\'', "''");
        db.execute(&format!("update conversations set messages = '{text}' where id = '{}'", ids[0]));
        let server = ModelServer::start();
        let page = "<html>Request blocked</html>".to_owned();
        server.script(CHAT, [Step::Answer(status, vec![], page), Step::Good]);
        let result = run(&db, &server, 0).args(&["--concurrency", "1"]).done().code(0).json();
        assert_eq!(
            (&result["processed"], &result["retrying"], &result["refused"]),
            (&json!(3), &json!(1), &json!(1)),
            "{status}"
        );
        assert_eq!(server.calls(CHAT), 4 + 1, "each once, and one harmless question");
        let row = db.rows(&format!(
            "select status, processing_attempts, provider_outages, last_error from conversations where id = '{}'",
            ids[0]
        ));
        assert_eq!(row[0][..3], ["active", "0", "1"]);
        assert!(row[0][3].contains(&format!("turned away by the provider: OpenAI answered {status}")), "{}", row[0][3]);
        promises::kept(&db);
    }
}

#[test]
fn five_refused_and_none_processed_end_the_run_and_the_next_takes_others() {
    let db = Db::sqlite();
    backlog(&db, 12);
    let server = ModelServer::start();
    server.script(CHAT, [Step::By(|request| if said(request).contains("nurse") { refused("no") } else { Step::Good })]);
    for (seconds, waiting) in [(0, 5.0), (60, 10.0)] {
        let before = server.calls(CHAT);
        let done = run(&db, &server, seconds).args(&["--concurrency", "1"]).done().code(78);
        assert!(done.error().contains("has refused every conversation of this run"), "{}", done.error());
        assert_eq!(server.calls(CHAT) - before, 5 + 1);
        assert_eq!(db.number("select count(*) from conversations where refusals = 1"), waiting);
    }
    assert_eq!(db.number("select count(*) from conversations where status = 'active'"), 12.0);
    promises::kept(&db);
}

/// A word of the player's in a refusal steers nothing: the verdict is the probe's, the field is one that we sent.
#[test]
fn no_players_text_steers_a_verdict() {
    let texts =
        ["I was thinking about you all day", "invalid_api_key model_not_found response_format max_completion_tokens"];
    for text in texts {
        let db = Db::sqlite();
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(&db);
        conversation(&db, user, -2 * HOUR, &transcript(&[text]));
        let server = ModelServer::start();
        // The server refuses thinking, and quotes what it was sent.
        server.script(
            MESSAGES,
            [Step::By(|request| {
                if request.body.get("thinking").is_some() {
                    refused(&format!("thinking: Extra inputs are not permitted, in {}", request.body["messages"]))
                } else {
                    Step::Good
                }
            })],
        );
        process(&db, &server, "anthropic").done().code(0);
        assert_eq!(state(&db)[0], "processed", "{text}");

        // Refused for its text, with names of our fields in it: nothing is learnt, nobody is configured wrongly.
        let server = ModelServer::start();
        super::again(&db);
        server.script(
            CHAT,
            [Step::By(
                |request| {
                    if said(request).contains("well, thank you") { Step::Good } else { refused(&said(request)) }
                },
            )],
        );
        let result = process(&db, &server, "openai").done().code(0).json();
        assert_eq!((&result["refused"], &result["learnt"]), (&json!(1), &json!([])), "{text}");
        assert!(server.calls(CHAT) <= 1 + 6 + 1);
        assert!(!super::last_error(&db).contains("thinking about"), "{}", super::last_error(&db));
    }
}

/// A server that names the field in words only and quotes everything: what the player says teaches nothing, and what a harmless question
/// teaches serves this conversation, too.
#[test]
fn a_quoted_player_does_not_choose_the_field() {
    for (text, calls) in
        [("I dreamt of a context window with tools", 2), ("max_completion_tokens in a context window", 5)]
    {
        let db = Db::sqlite();
        let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(&db);
        conversation(&db, user, -2 * HOUR, &transcript(&[text]));
        let server = ModelServer::start();
        server.script(
            CHAT,
            [Step::By(|request| match request.body.get("max_completion_tokens") {
                Some(_) => refused(&format!("max_completion_tokens is not supported, in {}", said(request))),
                None => Step::Good,
            })],
        );
        let result = process(&db, &server, "openai").done().code(0).json();
        assert_eq!(result["processed"], 1, "{text}: {result}");
        assert!(result["learnt"][0]["asked"].to_string().contains("max_tokens instead of"), "{text}: {result}");
        assert_eq!(server.calls(CHAT), calls, "{text}");
    }
}

#[test]
fn a_quotation_is_redacted_in_every_script_and_however_it_is_escaped() {
    fn escaped(escapes: impl Iterator<Item = String>) -> String {
        escapes.collect()
    }
    fn quoting(request: &Request, escaped: impl Fn(&str) -> String) -> Step {
        match request.body["messages"][1]["content"].as_str().unwrap() {
            data if data.contains("well, thank you") => Step::Good,
            data => refused(&format!("can not read '{}'", escaped(data))),
        }
    }
    let servers: [fn(&Request) -> Step; 5] = [
        |request| quoting(request, str::to_owned),
        |request| quoting(request, |text| escaped(text.chars().map(|char| format!("&#{};", u32::from(char))))),
        |request| quoting(request, |text| escaped(text.bytes().map(|byte| format!("%{byte:02X}")))),
        |request| quoting(request, |text| escaped(text.encode_utf16().map(|unit| format!("\\u{unit:04x}")))),
        |request| quoting(request, |text| escaped(text.bytes().map(|byte| format!("\\x{byte:02x}")))),
    ];
    for text in ["我的密码是471147，别告诉别人。", "パスワードは471147です", "Мой пароль - 471147", "My PIN is 471147"]
    {
        for judge in servers {
            let db = Db::sqlite();
            let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(&db);
            conversation(&db, user, -2 * HOUR, &transcript(&[text]));
            let server = ModelServer::start();
            server.script(CHAT, [Step::By(judge)]);
            let done = process(&db, &server, "openai").done().code(0);
            assert_eq!(server.calls(CHAT), 2, "{text}");
            let error = super::last_error(&db);
            assert!(error.ends_with("can not read '[…]'") || error.ends_with("can not read '[…]。'"), "{error}");
            assert!(!done.all().contains("471147") && !done.all().contains("\\u00"), "{}", done.all());
        }
    }
}

#[test]
fn six_adaptations_are_the_most() {
    let (db, server) = one();
    server.script(CHAT, [refused("max_tokens is too large")]);
    process(&db, &server, "openai").done().code(78);
    assert_eq!((server.calls(CHAT), state(&db)[1].as_str()), (1 + 6 + 1, "0"));
}

#[test]
fn each_part_of_a_request_is_left_off_where_it_is_refused() {
    type Case = (&'static str, &'static str, fn(&Request) -> Step);
    let cases: [Case; 13] = [
        // FastAPI names the field apart and quotes what it was sent, however long.
        ("openai", CHAT, |request| match request.body.get("max_completion_tokens") {
            Some(_) => {
                let input = "a context window ".repeat(20_000);
                let detail = json!([{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "input": input,
                                     "msg": "Extra inputs are not permitted"}]);
                Step::Answer(422, vec![], json!({ "detail": detail }).to_string())
            }
            None => Step::Good,
        }),
        // An error that is no JSON.
        ("openai", CHAT, |request| match request.body.get("max_completion_tokens") {
            Some(_) => Step::Answer(400, vec![], "Unknown field max_completion_tokens".to_owned()),
            None => Step::Good,
        }),
        // openstory-so/openstory#1302: OpenRouter's 404, where no server behind it takes all that is asked.
        ("openai", CHAT, |request| match request.body["response_format"]["type"].as_str() {
            Some("json_schema") => Step::error(
                404,
                "404",
                "No endpoints found that can handle the requested parameters. To learn more about provider routing, visit: https://openrouter.ai/docs/guides/routing/provider-selection",
            ),
            _ => Step::Good,
        }),
        // thepersonalaicompany/amurex-backend#38, build-with-groq/g1#23: Groq's model does not get to JSON, in either mode.
        ("openai", CHAT, |request| {
            match request.body.get("response_format") {
            Some(_) => Step::Answer(400, vec![], json!({"error": {"message": "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
                "type": "invalid_request_error", "code": "json_validate_failed", "failed_generation": "```json\n{"}}).to_string()),
            None => Step::Good,
        }
        }),
        // deepseek-ai/DeepSeek-R1#614: no JSON mode either, down to plain text.
        ("openai", CHAT, |request| match request.body.get("response_format") {
            Some(_) => refused("guided decoding: json mode is not supported by this grammar backend"),
            None => Step::Good,
        }),
        // huggingface/chat-ui#1386: Gemma's template.
        ("openai", CHAT, |request| match request.body["messages"][0]["role"].as_str() {
            Some("system") => refused("System role not supported"),
            _ => Step::Good,
        }),
        ("openai", CHAT, |request| match request.body["max_completion_tokens"].as_u64() {
            Some(4_097..) => refused(
                "max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.",
            ),
            _ => Step::Good,
        }),
        // voideditor/void#128: neither name is known.
        ("openai", CHAT, |request| {
            if request.body.get("max_completion_tokens").is_some() || request.body.get("max_tokens").is_some() {
                refused("property 'max_completion_tokens' or 'max_tokens' is unsupported")
            } else {
                Step::Good
            }
        }),
        // browserbase/stagehand#1204: json_object wants the word JSON in the prompt.
        ("openai", CHAT, |request| match request.body["response_format"]["type"].as_str() {
            Some("json_object") if said(request).contains("JSON") => Step::Good,
            _ => refused(
                "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'",
            ),
        }),
        ("anthropic", MESSAGES, |request| match request.body.get("tools") {
            Some(_) => refused("This model doesn't support tool use"),
            None => Step::reply(&crate::support::model_server::message(
                &json!({}),
                &json!([{"type": "text", "text": crate::support::model_server::extraction().to_string()}]),
                "end_turn",
            )),
        }),
        ("anthropic", EMBEDDINGS, |request| match request.body.get("dimensions") {
            // vllm-project/vllm: "does not support matryoshka representation".
            Some(_) => refused(
                "Model \"m\" does not support matryoshka representation, changing output dimensions will lead to poor results.",
            ),
            None => Step::Good,
        }),
        // RooCodeInc/Roo-Code#7199: no base64. lfnovo/open-notebook#610: none is not allowed either.
        ("anthropic", EMBEDDINGS, |request| match request.body["encoding_format"].as_str() {
            Some("float") => Step::Good,
            _ => refused("encoding_format does not have a valid value"),
        }),
        ("anthropic", EMBEDDINGS, |request| match request.body.get("encoding_format") {
            Some(_) => {
                Step::Answer(422, vec![], json!({"detail": "encoding_format: only 'float' is supported"}).to_string())
            }
            None => Step::Good,
        }),
    ];
    for (index, (vendor, path, judge)) in cases.into_iter().enumerate() {
        let (db, server) = one();
        server.script(path, [Step::By(judge)]);
        let result = process(&db, &server, vendor).done().code(0).json();
        assert_eq!(
            (&result["processed"], result["learnt"].as_array().map(Vec::len)),
            (&json!(1), Some(1)),
            "{index}: {result}"
        );
        assert_eq!(db.number("select count(*) from memory_facts where embedding is not null"), 2.0, "{index}");
    }
}

#[test]
fn a_short_context_costs_the_reply_first_and_then_the_oldest_messages() {
    let db = Db::sqlite();
    let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(&db);
    let lines: Vec<String> = (0..60).map(|i| format!("Line {i}: {}", "so it goes ".repeat(20))).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    conversation(&db, user, -2 * HOUR, &transcript(&lines));
    let server = ModelServer::start();
    // vLLM: a third of the letters are tokens here.
    server.script(
        CHAT,
        [Step::By(|request| {
            let asked =
                said(request).len() as u64 / 3 + request.body["max_completion_tokens"].as_u64().unwrap_or_default();
            if asked > 4_096 {
                refused(&format!(
                    "This model's maximum context length is 4096 tokens. However, you requested {asked} tokens."
                ))
            } else {
                Step::Good
            }
        })],
    );
    let result = process(&db, &server, "openai").done().code(0).json();
    assert_eq!(result["processed"], 1, "{result}");
    let requests = server.requests(CHAT);
    let limits: Vec<_> = requests.iter().map(|it| it.body["max_completion_tokens"].as_u64().unwrap()).collect();
    assert!(limits[0] == 8_192 && limits[1] == 1_024 && said(&requests[1]).contains("Line 0:"), "{limits:?}");
    let last = said(requests.last().unwrap());
    assert!(!last.contains("Line 0:") && last.contains("Line 59:"));
    let entities: Value = serde_json::from_str(&db.value("select extracted_entities from conversations")).unwrap();
    assert!(entities["messages_left_out"].as_u64().unwrap() > 10, "{entities}");

    // A setting spares the refusals.
    super::again(&db);
    let server = ModelServer::start();
    process(&db, &server, "openai")
        .env("NIKITA_LLM_CONTEXT", "4096")
        .env("NIKITA_LLM_REPLY_TOKENS", "500")
        .done()
        .code(0);
    let [request] = server.requests(CHAT).try_into().expect("one request");
    assert_eq!(request.body["max_completion_tokens"], 500);
    assert!(!said(&request).contains("Line 0:") && said(&request).contains("Line 59:"));
}

#[test]
fn a_request_for_a_repair_keeps_to_the_context_too() {
    let db = Db::sqlite();
    let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(&db);
    let lines: Vec<String> = (0..60).map(|i| format!("Line {i}: {}", "so it goes ".repeat(20))).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    conversation(&db, user, -2 * HOUR, &transcript(&lines));
    let server = ModelServer::start();
    let prose = json!({"role": "assistant", "content": "I can't say. ".repeat(3_000)});
    server.script(CHAT, [Step::reply(&chat(&json!({}), &prose, "stop")), Step::Good]);
    let result = process(&db, &server, "openai").env("NIKITA_LLM_CONTEXT", "4096").done().code(0).json();
    assert_eq!((&result["processed"], &result["learnt"]), (&json!(1), &json!([])), "{result}");
    for request in server.requests(CHAT) {
        let asked = said(&request).len() / 3;
        assert!(asked > 1_500 && asked + 1_024 <= 4_096, "{asked} tokens of a request");
        assert_eq!(request.body["max_completion_tokens"], 1_024);
    }
    let repair = said(&server.requests(CHAT)[1]);
    assert!(repair.contains("I can't say. I can't say.") && repair.contains("Line 59:"), "{repair}");
    assert!(!repair.contains("Line 0:"));
}

#[test]
fn azures_older_addresses_work() {
    let (db, server) = one();
    let base = format!("{}/v1?api-version=2024-10-21", server.url());
    process(&db, &server, "openai").env("OPENAI_BASE_URL", base).done().code(0);
    for path in [CHAT, EMBEDDINGS] {
        let request = &server.requests(path)[0];
        assert_eq!(
            (request.query.as_str(), request.headers["api-key"].as_str()),
            ("api-version=2024-10-21", "sk-test")
        );
        assert!(!request.headers.contains_key("authorization"));
    }
}

#[test]
fn a_reply_that_does_not_say_what_it_used_is_counted_at_the_dearest() {
    let (db, server) = one();
    let mut silent: Value = serde_json::from_str(&server.good(&Request {
        at: std::time::Instant::now(),
        method: String::new(),
        path: CHAT.to_owned(),
        query: String::new(),
        headers: std::collections::BTreeMap::default(),
        body: json!({"response_format": {}}),
    }))
    .unwrap();
    // simonw/llm#1698
    silent["usage"] = Value::Null;
    server.script(CHAT, [Step::reply(&silent)]);
    let folder = tempfile::TempDir::new().unwrap();
    let prices = folder.path().join("prices.json");
    std::fs::write(&prices, "{\"model-1\": {\"input\": 1, \"output\": 2}}").unwrap();
    let run = process(&db, &server, "openai").env("NIKITA_BUDGET_USD", "1");
    let done = run.env("NIKITA_PRICES_FILE", prices.to_str().unwrap()).args(&["-v"]).done().code(0);
    assert_eq!(done.json()["uncounted"], 1);
    assert!(done.all().contains("does not report its tokens"), "{}", done.all());
}
