//! How many requests are made at most (spec 05): each probe, lesson, repair, retry and search is counted at the server.

use serde_json::json;

use super::process;
use crate::support::db::Db;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Request, Step, chat};
use crate::support::promises;
use crate::support::seed::backlog;

/// Ten conversations at once.
const ALL: usize = 10;

fn refused(message: &str) -> Step {
    Step::error(400, "invalid_request_error", message)
}

fn harmless(request: &Request) -> bool {
    request.body["messages"].to_string().contains("Hello, how are you?") || request.body["input"] == json!(["hello"])
}

/// What a run made of ten conversations whose server does this: the exit code, all requests, and the harmless ones.
fn counted(vendor: &str, path: &str, step: Step, args: &[&str]) -> (i32, usize, usize) {
    let db = Db::sqlite();
    backlog(&db, ALL);
    let server = ModelServer::start();
    server.script(path, [step]);
    let done = process(&db, &server, vendor).args(args).done();
    promises::kept(&db);
    let probes = server.requests(path).iter().filter(|request| harmless(request)).count();
    (done.exit().expect("a code"), server.calls(path), probes)
}

#[test]
fn one_harmless_question_a_run_for_all_at_once() {
    for (vendor, path) in [("openai", CHAT), ("anthropic", MESSAGES)] {
        for status in [400, 403, 413, 418, 422, 424, 451, 498, 499] {
            let (code, calls, probes) = counted(vendor, path, Step::error(status, "x", "no"), &[]);
            assert_eq!((code, probes), (78, 1), "{vendor}, {status}");
            assert!(calls <= ALL + 1, "{vendor}, {status}: {calls}");
        }
    }
}

#[test]
fn what_no_question_can_mend_is_not_held_against_one() {
    for (status, kind) in
        [(401, "x"), (404, "x"), (405, "x"), (302, "x"), (400, "invalid_api_key"), (400, "model_not_found")]
    {
        let (code, calls, probes) = counted("openai", CHAT, Step::error(status, kind, "no"), &[]);
        assert_eq!((code, probes), (78, 0), "{status}");
        assert!(calls <= ALL, "{status}: {calls}");
        assert_eq!(counted("openai", CHAT, Step::error(status, kind, "no"), &["--concurrency", "1"]), (78, 1, 0));
    }
}

/// The first ten, six ways to ask otherwise, and the harmless question: those who wait for a lesson do not learn it again.
#[test]
fn six_lessons_a_run_for_all_at_once() {
    for message in ["max_tokens is too large", "response_format", "context length"] {
        let (code, calls, probes) = counted("openai", CHAT, refused(message), &[]);
        assert_eq!((code, probes), (78, 1), "{message}");
        assert!(calls <= ALL + 6 + 1, "{message}: {calls}");
    }
    // A 404 that speaks of a field stays an address or a model that is wrong.
    let (code, calls, probes) = counted("openai", CHAT, Step::error(404, "x", "requested parameters"), &[]);
    assert_eq!((code, probes), (78, 0));
    assert!(calls <= ALL + 6, "{calls}");
}

#[test]
fn four_tries_a_question_and_five_failures_a_run() {
    let one = ["--concurrency", "1"];
    assert_eq!(
        counted("openai", CHAT, Step::status(503), &one),
        (69, 5, 0),
        "four tries of one, one of the next, and the circuit"
    );
    assert_eq!(counted("openai", CHAT, Step::error(402, "billing_error", "pay"), &one).0, 69);
    let (code, calls, _) = counted("openai", CHAT, Step::status(503), &[]);
    assert_eq!(code, 69);
    assert!(calls <= ALL + 4, "those in flight when the circuit opens are the last: {calls}");
}

#[test]
fn one_repair_a_conversation() {
    let prose = Step::reply(&chat(&json!({}), &json!({"role": "assistant", "content": "I can't."}), "stop"));
    let (code, calls, probes) = counted("openai", CHAT, prose, &[]);
    assert_eq!((code, calls, probes), (0, 2 * ALL, 0), "none has failed for good yet");
}

/// Every second of twenty texts breaks its batch: no search finds them all, none asks more than it may, and there is one harmless text
/// for all conversations.
#[test]
fn sixteen_requests_a_search() {
    for judge in [
        |request: &Request| if odd(request) { Step::status(500) } else { Step::Good },
        |request: &Request| if odd(request) { refused("no") } else { Step::Good },
    ] {
        let db = Db::sqlite();
        backlog(&db, 3);
        let server = ModelServer::start();
        let facts: Vec<_> = (0..20)
            .map(|i| json!({"fact": format!("Fact {i}{}", if i % 2 == 1 { " odd." } else { "." }), "kind": "user"}))
            .collect();
        server.extracts(
            json!({"facts": facts, "threads": [], "thoughts": [], "summary": "s", "emotional_tone": "neutral"}),
        );
        server.script(EMBEDDINGS, [Step::By(judge)]);
        let done =
            process(&db, &server, "anthropic").env("NIKITA_BACKFILL", "0").args(&["--concurrency", "1"]).done().code(0);
        assert_eq!(done.json()["processed"], 3);
        let requests = server.requests(EMBEDDINGS);
        assert_eq!(requests.iter().filter(|request| harmless(request)).count(), 1);
        assert!(requests.len() <= 3 * (1 + 16) + 1, "{}", requests.len());
        promises::kept(&db);
    }
}

fn odd(request: &Request) -> bool {
    request.body["input"].to_string().contains("odd")
}
