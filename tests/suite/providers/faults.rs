//! Every row of spec 05's table: how often the provider is asked, how long is waited, what becomes of the conversation and of
//! its attempt, and the exit code.

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tempfile::TempDir;

use super::{BACKOFF, again, entry, extraction_took, last_error, one, process, state};
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Step, chat, extraction, message};
use crate::support::promises;
use crate::support::seed::backlog;

/// Pauses of about 1, 2 and 4 times [`BACKOFF`], each a fifth shorter at least; longer ones are forgiven to a busy machine.
#[track_caller]
fn doubling(server: &ModelServer, path: &str) {
    let pauses = server.pauses(path);
    assert_eq!(pauses.len(), 3, "three retries");
    for (pause, doubled) in pauses.iter().zip([1, 2, 4]) {
        let least = BACKOFF * doubled * 4 / 5;
        assert!(*pause >= least && *pause < least + Duration::from_secs(3), "{pauses:?}");
    }
}

#[test]
fn passing_trouble_is_asked_again_three_times_and_costs_no_attempt() {
    for (vendor, path) in [("anthropic", MESSAGES), ("openai", CHAT)] {
        let (db, _) = one();
        for status in [408, 409, 429, 500, 502, 503, 504, 529] {
            let server = ModelServer::start();
            server.script(path, [Step::status(status)]);
            let done = process(&db, &server, vendor).done().code(69);
            assert_eq!(done.json()["error"]["kind"], "provider_unavailable");
            assert_eq!(server.calls(path), 4, "{status}");
            doubling(&server, path);
            assert_eq!(state(&db), ["active", "0", "1"], "{status}");
            let error = last_error(&db);
            assert!(error.ends_with(&format!(" answered {status} (some_error)")), "{error}");
            promises::kept(&db);
            again(&db);
        }
    }
}

#[test]
fn a_reply_that_breaks_off_or_never_comes_is_asked_again() {
    let (db, _) = one();
    let drip = Step::Drip(Duration::from_millis(20));
    for (step, said) in [
        (Step::Cut, "Anthropic: the response ended early"),
        (Step::HangUp, "Anthropic: "),
        (Step::Stall, "Anthropic: no answer in time"),
        (Step::StallBody, "Anthropic: no answer in time"),
        (drip, "Anthropic: no answer in time"),
    ] {
        let server = ModelServer::start();
        server.script(MESSAGES, [step.clone()]);
        let run = process(&db, &server, "anthropic").env("NIKITA_REQUEST_TIMEOUT", "400ms");
        run.done().code(69);
        assert_eq!(server.calls(MESSAGES), 4, "{step:?}");
        assert_eq!(state(&db), ["active", "0", "1"], "{step:?}");
        assert!(last_error(&db).contains(said), "{}", last_error(&db));
        if said.ends_with("in time") {
            eventually("each was hung up on", || server.hung_up() == 4);
            assert!(server.pauses(MESSAGES).iter().all(|pause| *pause >= Duration::from_millis(400)));
        }
        promises::kept(&db);
        again(&db);
    }
}

#[test]
fn without_a_limit_of_its_own_a_request_ends_with_the_pipelines_time() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::Stall]);
    let done = process(&db, &server, "anthropic").args(&["--timeout", "1500ms"]).done().code(69);
    let took = extraction_took(&done.json());
    assert!(took >= Duration::from_millis(1_300) && took < Duration::from_millis(1_500), "{took:?}");
    assert_eq!((server.calls(MESSAGES), state(&db)), (1, ["active".into(), "0".into(), "1".into()]));
    eventually("the connection is closed", || server.hung_up() == 1);
}

#[test]
fn a_pause_that_does_not_fit_is_not_begun() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::status(503)]);
    // Pauses of about 1, 2 and 4 s: the third would end after the deadline.
    let run = process(&db, &server, "anthropic").env("NIKITA_BACKOFF", "1s").args(&["--timeout", "5s"]);
    let took = extraction_took(&run.done().code(69).json());
    assert_eq!(server.calls(MESSAGES), 3);
    assert!(took >= Duration::from_millis(2_400) && took < Duration::from_millis(4_500), "{took:?}");
}

#[test]
fn nobody_listening_is_unavailable() {
    let (db, server) = one();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = process(&db, &server, "anthropic").env("ANTHROPIC_BASE_URL", format!("http://{closed}"));
    let done = run.done().code(69);
    assert!(extraction_took(&done.json()) >= BACKOFF * 7 * 4 / 5, "three pauses");
    assert_eq!(state(&db), ["active", "0", "1"]);
    assert_eq!(last_error(&db), "extraction: provider unavailable: Anthropic: connection refused");
    assert!(!done.all().contains(&closed.to_string()), "no address in {}", done.all());
}

#[test]
fn a_certificate_that_is_not_known_ends_the_connection_and_one_that_is_does_not() {
    let db = Db::sqlite();
    backlog(&db, 1);
    let folder = TempDir::new().unwrap();
    let certificate = folder.path().join("certificate.pem");
    let server = ModelServer::start_tls(&certificate);
    process(&db, &server, "anthropic").env_remove("SSL_CERT_FILE").done().code(69);
    assert_eq!((server.calls(MESSAGES), state(&db)), (0, ["active".into(), "0".into(), "1".into()]));
    assert!(last_error(&db).contains("Anthropic: TLS failed"), "{}", last_error(&db));
    again(&db);
    process(&db, &server, "anthropic").env("SSL_CERT_FILE", &certificate).done().code(0);
    assert_eq!(server.calls(MESSAGES), 1);
}

#[test]
fn a_429_is_asked_again_when_it_says() {
    let (db, _) = one();
    let now = SystemTime::now();
    // BerriAI/litellm#9035: Google says the same of a minute's quota.
    let google =
        Step::error(429, "throttling_error", "You exceeded your current quota. \"status\": \"RESOURCE_EXHAUSTED\"");
    // The host's clock is an hour off; the reply's own date counts.
    let wrong = now + Duration::from_hours(1);
    let dated = Step::status(429)
        .header("date", &httpdate::fmt_http_date(wrong))
        .header("retry-after", &httpdate::fmt_http_date(wrong + Duration::from_secs(1)));
    for (step, wait) in [
        (Step::status(429).header("retry-after", "1"), 1_000),
        (google.clone(), 0),
        (google.header("retry-after", "1"), 1_000),
        (Step::status(429).header("retry-after-ms", "700").header("retry-after", "3600"), 700),
        (dated, 1_000),
        (Step::status(429).header("retry-after", "0"), 0),
    ] {
        let server = ModelServer::start();
        server.script(MESSAGES, [step.clone(), Step::Good]);
        process(&db, &server, "anthropic").done().code(0);
        let pauses = server.pauses(MESSAGES);
        let wait = Duration::from_millis(wait);
        assert!(
            pauses.len() == 1 && pauses[0] >= wait && pauses[0] < wait + Duration::from_secs(2),
            "{step:?}: {pauses:?}"
        );
        again(&db);
    }
}

#[test]
fn a_429_that_asks_for_longer_than_the_deadline_is_given_up_at_once() {
    let (db, server) = one();
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_hours(1));
    for wait in ["3600", "1e300", &date] {
        server.script(MESSAGES, [Step::status(429).header("retry-after", wait)]);
        let before = server.calls(MESSAGES);
        let done = process(&db, &server, "anthropic").env("NIKITA_BACKOFF", "6s").done().code(69);
        assert!(extraction_took(&done.json()) < Duration::from_secs(5), "{wait}");
        assert_eq!(server.calls(MESSAGES) - before, 1, "{wait}");
        assert_eq!(state(&db), ["active", "0", "1"]);
        again(&db);
    }
}

#[test]
fn an_empty_account_is_not_asked_again_and_fails_no_conversation() {
    let quota = Step::error(429, "insufficient_quota", "You exceeded your current quota.").header("retry-after", "0");
    // OpenHands/OpenHands#998: a gateway keeps the words alone.
    let in_words = Step::error(
        429,
        "throttling_error",
        "RateLimitError: You exceeded your current quota, please check your plan.",
    );
    let credit = Step::error(400, "invalid_request_error", "Your credit balance is too low to access the API.");
    let limit = Step::error(400, "invalid_request_error", "You have reached your specified API usage limits.");
    let (db, _) = one();
    // Where only its words say so, a harmless question has to say the same.
    for (step, calls) in
        [(quota, 1), (in_words, 1), (credit, 2), (limit, 2), (Step::error(402, "billing_error", "pay"), 1)]
    {
        let server = ModelServer::start();
        server.script(MESSAGES, [step.clone()]);
        process(&db, &server, "anthropic").done().code(69);
        assert_eq!(server.calls(MESSAGES), calls, "{step:?}");
        assert_eq!(state(&db), ["active", "0", "1"], "{step:?}");
        assert!(last_error(&db).contains("credit or spending limit is used up"), "{}", last_error(&db));
        again(&db);
    }
}

#[test]
fn what_the_provider_refuses_waits_with_its_reason() {
    let (db, _) = one();
    for status in [400, 413, 422] {
        let server = ModelServer::start();
        let message = "messages.0: I work as a nurse in Lisbon is \u{1b}[31m\nnot allowed for key sk-ant-test";
        // The harmless question is answered.
        server.script(MESSAGES, [Step::error(status, "invalid_request_error", message), Step::Good]);
        let done = process(&db, &server, "anthropic").done().code(0);
        assert_eq!((server.calls(MESSAGES), state(&db)), (2, ["active".into(), "1".into(), "0".into()]), "{status}");
        let expected = format!(
            "extraction: refused by the provider: Anthropic answered {status} (invalid_request_error): \
             messages.0: […] is [31m not allowed for key […]"
        );
        assert_eq!(last_error(&db), expected);
        assert_eq!(entry(&done)["error"], expected);
        promises::kept(&db);
        again(&db);
    }
}

#[test]
fn a_harmless_question_keeps_to_the_stages_time() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::error(400, "invalid_request_error", "no"), Step::Stall]);
    process(&db, &server, "anthropic").args(&["--timeout", "2s"]).done().code(69);
    assert_eq!((server.calls(MESSAGES), state(&db)), (2, ["active".into(), "0".into(), "1".into()]));
    promises::kept(&db);
}

/// Those who wait while another learns how the server wants to be asked have little time left, which is not the server's fault.
#[test]
fn a_wait_for_a_lesson_costs_no_attempt_and_opens_no_circuit() {
    let db = Db::sqlite();
    backlog(&db, 7);
    let server = ModelServer::start();
    server.script(
        CHAT,
        [Step::By(|request| {
            if request.body["response_format"]["type"] == "json_schema" {
                Step::error(400, "invalid_request_error", "This response_format type is unavailable now")
            } else {
                Step::Late(Duration::from_millis(3_500))
            }
        })],
    );
    let result = process(&db, &server, "openai").args(&["--timeout", "6s"]).done().code(0).json();
    assert_eq!(
        (&result["processed"], &result["retrying"], &result["circuit_open"]),
        (&json!(1), &json!(6), &json!(false)),
        "{result}"
    );
    assert_eq!(db.number("select sum(processing_attempts) from conversations where status = 'active'"), 0.0);
    assert_eq!(db.number("select count(*) from provider_breakers where failures > 0"), 0.0);
    promises::kept(&db);
}

#[test]
fn a_model_that_declines_has_refused() {
    let (db, server) = one();
    let declined = json!({"model": "m"});
    let refusal = json!({"role": "assistant", "content": null, "refusal": "I can't."});
    let steps = [
        ("anthropic", MESSAGES, message(&declined, &json!([]), "refusal")),
        ("openai", CHAT, chat(&declined, &refusal, "stop")),
        ("openai", CHAT, chat(&declined, &json!({"role": "assistant", "content": ""}), "content_filter")),
    ];
    for (vendor, path, reply) in steps {
        server.script(path, [Step::reply(&reply)]);
        process(&db, &server, vendor).done().code(3);
        assert_eq!(state(&db), ["failed", "1", "0"]);
        assert!(last_error(&db).contains("the model declines"), "{}", last_error(&db));
        again(&db);
    }
}

#[test]
fn a_wrong_key_model_or_address_stops_the_run() {
    for (status, said) in [
        (401, "the key in ANTHROPIC_API_KEY is wrong"),
        (403, "the key in ANTHROPIC_API_KEY may not use this model"),
        (404, "it does not know the model, or ANTHROPIC_BASE_URL is wrong"),
        (302, "a redirect, which is not followed"),
        (405, "is ANTHROPIC_BASE_URL the address"),
    ] {
        let db = Db::sqlite();
        backlog(&db, 4);
        let server = ModelServer::start();
        let elsewhere = format!("{}{CHAT}", server.url());
        server.script(MESSAGES, [Step::error(status, "some_error", "key sk-ant-***").header("location", &elsewhere)]);
        let done = process(&db, &server, "anthropic").args(&["--concurrency", "1"]).done().code(78);
        assert_eq!(done.json()["error"]["kind"], "configuration");
        assert!(done.error().contains(said), "{}", done.error());
        // A 403 may be about this conversation alone: a harmless question shows that it is not.
        let calls = if status == 403 { 2 } else { 1 };
        assert_eq!((server.calls(MESSAGES), server.calls(CHAT)), (calls, 0), "{status}");
        assert_eq!(
            db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0"),
            4.0
        );
        promises::kept(&db);
    }
}

#[test]
fn what_is_no_reply_of_the_api_is_unavailable() {
    let (db, _) = one();
    for body in ["<html>welcome to the hotel</html>", "", "\n\n", "upstream connect error", "{\"type\": \"error\"}"] {
        let server = ModelServer::start();
        server.script(MESSAGES, [Step::Answer(200, vec![], body.to_owned())]);
        process(&db, &server, "anthropic").done().code(69);
        assert_eq!((server.calls(MESSAGES), state(&db)), (4, ["active".into(), "0".into(), "1".into()]), "{body}");
        again(&db);
    }
}

#[test]
fn a_reply_of_no_use_is_invalid_at_once() {
    let (db, _) = one();
    for (step, said) in [
        (Step::Answer(200, vec![], "{\"content\": [".to_owned()), "did not answer with JSON"),
        (Step::reply(&json!({"id": "x"})), "has no content"),
        (Step::Huge(20 * 1024 * 1024), "is longer than 16 MiB"),
    ] {
        let server = ModelServer::start();
        server.script(MESSAGES, [step.clone()]);
        let done = process(&db, &server, "anthropic").done().code(0);
        assert_eq!(entry(&done)["status"], "retrying");
        assert_eq!((server.calls(MESSAGES), state(&db)), (1, ["active".into(), "1".into(), "0".into()]));
        let error = last_error(&db);
        assert!(error.starts_with("extraction: invalid_reply: ") && error.contains(said), "{error}");
        again(&db);
    }
}

#[test]
fn a_reply_that_breaks_its_schema_gets_one_chance() {
    let mut wrong = extraction();
    wrong["threads"] = json!({"hunter2": 1});
    let of = |vendor: &str, notes: &serde_json::Value| {
        if vendor == "anthropic" {
            let call = json!({"type": "tool_use", "id": "t", "name": "conversation_notes", "input": notes});
            Step::reply(&message(&json!({}), &json!([call]), "tool_use"))
        } else {
            let said = json!({"role": "assistant", "content": notes.to_string(), "refusal": null});
            Step::reply(&chat(&json!({}), &said, "stop"))
        }
    };
    for (vendor, path) in [("anthropic", MESSAGES), ("openai", CHAT)] {
        let (db, server) = one();
        server.script(path, [of(vendor, &wrong), Step::Good]);
        process(&db, &server, vendor).done().code(0);
        let requests = server.requests(path);
        assert_eq!(requests.len(), 2);
        let messages = requests[1].body["messages"].as_array().unwrap();
        let [.., reply, complaint] = messages.as_slice() else { panic!("{messages:?}") };
        assert!(reply["content"].as_str().unwrap().contains("hunter2"), "{reply}");
        assert!(complaint["content"].as_str().unwrap().contains("/threads has the wrong type"), "{complaint}");
        again(&db);
        // And not a second one.
        server.script(path, [of(vendor, &wrong)]);
        let done = process(&db, &server, vendor).done().code(0);
        assert_eq!((server.calls(path), state(&db)), (4, ["active".into(), "1".into(), "0".into()]));
        assert!(
            last_error(&db).starts_with("extraction: invalid_reply: the reply does not have the requested form"),
            "{}",
            last_error(&db)
        );
        assert!(!done.all().contains("hunter2"), "{}", done.all());
    }
}

#[test]
fn a_reply_that_was_cut_off_gets_one_chance() {
    let (db, server) = one();
    let cut = message(&json!({}), &json!([{"type": "text", "text": "{\"facts\": ["}]), "max_tokens");
    server.script(MESSAGES, [Step::reply(&cut), Step::Good]);
    process(&db, &server, "anthropic").done().code(0);
    let complaint = server.requests(MESSAGES)[1].body["messages"][2]["content"].as_str().unwrap().to_owned();
    assert!(complaint.contains("it was cut off"), "{complaint}");
}

#[test]
fn a_model_that_takes_no_forced_tool_call_is_offered_the_tool() {
    let db = Db::sqlite();
    backlog(&db, 3);
    let server = ModelServer::start();
    let refused =
        Step::error(400, "invalid_request_error", "tool_choice forces tool use is not compatible with this model");
    server.script(MESSAGES, [refused, Step::Good]);
    process(&db, &server, "anthropic").args(&["--concurrency", "1"]).done().code(0);
    let requests = server.requests(MESSAGES);
    let choices: Vec<_> = requests.iter().map(|it| it.body["tool_choice"]["type"].as_str().unwrap()).collect();
    assert_eq!(choices, ["tool", "auto", "auto", "auto"]);
    assert!(requests[1].body.get("thinking").is_none());
}

#[test]
fn a_signal_ends_a_request_in_flight() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::Stall]);
    let run = process(&db, &server, "anthropic").args(&["--grace", "100ms"]).start();
    eventually("it is asked", || server.calls(MESSAGES) == 1);
    run.signal("TERM");
    run.done().code(143);
    eventually("the connection is closed", || server.hung_up() == 1);
    assert_eq!((server.calls(MESSAGES), state(&db)), (1, ["active".into(), "0".into(), "0".into()]));
    promises::kept(&db);
}

#[test]
fn a_lost_lease_ends_a_request_in_flight() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::Stall]);
    let bin = server.serves(db.command(&["process-conversations", "--lease", "2s"]));
    let mut run = bin.env("NIKITA_LLM", "anthropic:model-1").start();
    eventually("it is asked", || server.calls(MESSAGES) == 1);
    db.execute("update job_leases set token = 'f4a4ed52-4b4e-4b4c-9c53-0a6e2b7b1c11'");
    // Long before the stage's twenty seconds are over.
    eventually("the connection is closed", || server.hung_up() == 1);
    eventually("it ends", || !run.is_running());
    assert_eq!(run.done().code(1).json()["error"]["kind"], "lease_lost");
    assert_eq!(state(&db)[0], "processing");
}

#[test]
fn embeddings_that_are_unavailable_leave_facts_without_vectors() {
    let (db, server) = one();
    server.script(EMBEDDINGS, [Step::status(503)]);
    let done = process(&db, &server, "anthropic").args(&["--backfill", "0"]).done().code(0);
    assert_eq!(entry(&done)["status"], "success", "{}", done.all());
    assert_eq!(server.calls(EMBEDDINGS), 5, "the batch, a harmless text, and three retries of the batch");
    let pauses = server.pauses(EMBEDDINGS);
    assert!(pauses[1] >= BACKOFF * 4 / 5 && pauses[3] >= BACKOFF * 4 * 4 / 5, "{pauses:?}");
    // The application's search can't bear an active fact without a vector.
    let waiting = "select count(*) from memory_facts where not is_active and embedding is null and metadata ->> 'awaiting_vector' = ";
    let waiting = format!("{waiting}{}", if db.is_postgres() { "'true'" } else { "1" });
    assert_eq!(db.number(&waiting), 2.0);
    let prompt = db.value("select prompt_text from ready_prompts where is_current and platform = 'text'");
    let fact = db.value("select max(fact) from memory_facts");
    assert!(prompt.contains(&fact), "a fact that waits is remembered all the same: {fact} is not in {prompt}");
    promises::kept(&db);
}

#[test]
fn vectors_of_the_wrong_length_or_number_are_never_stored() {
    let (db, server) = one();
    let short = json!({"data": [{"index": 0, "embedding": [0.5]}, {"index": 1, "embedding": [0.5]}]});
    server.script(EMBEDDINGS, [Step::reply(&short)]);
    let error = process(&db, &server, "anthropic").done().code(78).error();
    assert!(error.contains("a vector has 1 numbers, not 1536"), "{error}");
    assert_eq!(state(&db), ["active", "0", "0"]);
    server.script(EMBEDDINGS, [Step::reply(&json!({"data": [], "usage": {"total_tokens": 1}}))]);
    process(&db, &server, "anthropic").done().code(0);
    assert_eq!(state(&db), ["active", "1", "0"]);
    assert!(last_error(&db).starts_with("memory_update: invalid_reply: embeddings: "), "{}", last_error(&db));
    assert_eq!(db.number("select count(*) from memory_facts"), 0.0);
    again(&db);
    server.script(EMBEDDINGS, [Step::status(401)]);
    let error = process(&db, &server, "anthropic").done().code(78).error();
    assert!(error.contains("OPENAI_API_KEY"), "{error}");
}
