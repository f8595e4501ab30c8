//! The circuit breaker across runs: what a provider that is down sees of us, and what becomes of the backlog.

use serde_json::{Value, json};

use crate::on_every_database;
use crate::support::bin::Bin;
use crate::support::db::Db;
use crate::support::model_server::{EMBEDDINGS, MESSAGES, ModelServer, Step};
use crate::support::promises;
use crate::support::seed::{backlog, time};

const MINUTE: i64 = 60;

/// A run so many minutes after the first one.
fn run(db: &Db, server: &ModelServer, minute: i64) -> Bin {
    let now = time(minute * MINUTE);
    let bin = server.serves(db.command(&["process-conversations", "--now", &now]));
    bin.env("NIKITA_LLM", "anthropic:claude-haiku-4-5").env("NIKITA_ENRICH", "false").env("NIKITA_BACKOFF", "10ms")
}

/// How many requests for a path a run makes.
fn calls_of(server: &ModelServer, path: &str, run: impl FnOnce()) -> usize {
    let before = server.calls(path);
    run();
    server.calls(path) - before
}

/// An outage with a run every minute, and the time after it.
fn outage(db: &Db, status: u16, many: usize, minutes: i64) {
    backlog(db, many);
    let server = ModelServer::start();
    server.script(MESSAGES, [Step::status(status)]);
    let first = calls_of(&server, MESSAGES, || drop(run(db, &server, 0).done().code(69)));
    // Ten at once, four tries each at most, until five of them have given up and nothing more is claimed.
    assert!((5..=60).contains(&first), "{first}");
    for minute in 1..minutes {
        let probe = calls_of(&server, MESSAGES, || {
            let result = run(db, &server, minute).done().code(69).json();
            assert_eq!(
                (&result["error"]["kind"], &result["circuit_open"]),
                (&json!("provider_unavailable"), &json!(true))
            );
            assert_eq!(result["conversations"], json!([]), "nothing was claimed");
        });
        assert_eq!(probe, 1, "one probe in minute {minute}");
    }
    let attempts = "select sum(processing_attempts), max(provider_outages) from conversations where status = 'active'";
    assert_eq!(db.rows(attempts), [["0", "1"]], "no attempt is lost, and an hour is one outage to a conversation");

    // The provider is back, and nobody does anything but run it every minute.
    server.script(MESSAGES, [Step::Good]);
    let mut processed = 0;
    let asked = calls_of(&server, MESSAGES, || {
        for minute in minutes..minutes + 8 {
            let result = run(db, &server, minute).args(&["--batch", "50"]).done().code(0).json();
            assert_eq!(result["circuit_open"], json!(false));
            processed += result["processed"].as_u64().unwrap();
        }
    });
    assert_eq!(processed, many as u64);
    assert_eq!(asked, many + 1, "each once, and the last probe");
    assert_eq!(db.number("select max(processing_attempts) from conversations where status = 'processed'"), 1.0);
    assert_eq!(db.rows("select failures, opened_at from provider_breakers"), [["0", "null"]]);
    promises::kept(db);
}

#[test]
fn an_hour_of_503_costs_a_backlog_of_two_hundred_nothing() {
    outage(&Db::postgres(), 503, 200, 60);
}

#[test]
fn an_hour_of_429_costs_a_backlog_of_two_hundred_nothing() {
    outage(&Db::sqlite(), 429, 200, 60);
}

on_every_database! {
    fn five_minutes_of_trouble_are_the_same_on_every_database(db) {
        outage(db, 529, 12, 5);
    }

    fn of_two_runs_at_once_one_probes(db) {
        backlog(db, 20);
        let server = ModelServer::start();
        server.script(MESSAGES, [Step::status(500)]);
        run(db, &server, 0).done().code(69);
        let probes = calls_of(&server, MESSAGES, || {
            let both = [0, 1].map(|_| run(db, &server, 1).args(&["--allow-overlap"]).start());
            for one in both {
                one.done().code(69);
            }
        });
        assert_eq!(probes, 1);
        // Half a minute later it is nobody's turn yet, and nothing is asked at all.
        db.execute(&format!("update provider_breakers set tried_at = '{}'", time(MINUTE + 31)));
        let asked = calls_of(&server, MESSAGES, || {
            let result = run(db, &server, 2).done().code(69).json();
            assert_eq!(result["deferred"], 20 - result["conversations"].as_array().unwrap().len());
        });
        assert_eq!(asked, 0);
        // A probe that is dated in the future keeps nobody from the next one.
        db.execute(&format!("update provider_breakers set tried_at = '{}'", time(240 * 60 * MINUTE)));
        assert_eq!(calls_of(&server, MESSAGES, || drop(run(db, &server, 2).done().code(69))), 1);
        // Another server is another provider.
        let healthy = ModelServer::start();
        assert_eq!(run(db, &healthy, 3).done().code(0).json()["processed"], 10);
    }
}

/// After the probe, one conversation goes ahead of the others: a provider that answers small questions only sees two
/// requests a run.
#[test]
fn a_probe_that_succeeds_is_followed_by_one_conversation() {
    let db = Db::sqlite();
    backlog(&db, 30);
    let server = ModelServer::start();
    server.script(MESSAGES, [Step::status(503)]);
    run(&db, &server, 0).done().code(69);
    server.script(MESSAGES, [Step::Good, Step::status(503)]);
    let asked = calls_of(&server, MESSAGES, || drop(run(&db, &server, 1).done().code(69)));
    assert_eq!(asked, 2);
}

/// A request that nobody answers in time counts as unavailable, too.
#[test]
fn time_outs_open_the_circuit() {
    let db = Db::sqlite();
    backlog(&db, 10);
    let server = ModelServer::start();
    server.script(MESSAGES, [Step::Stall]);
    let mut runs = Vec::new();
    for minute in 0..2 {
        let result = run(&db, &server, minute).args(&["--timeout", "1s"]).done().code(69).json();
        runs.push((server.calls(MESSAGES), result["circuit_open"].clone()));
    }
    assert_eq!(runs, [(10, json!(true)), (11, json!(true))]);
    assert_eq!(db.number("select sum(processing_attempts) from conversations"), 0.0);
}

/// Memory can wait for its vectors: embeddings that are down fail no conversation.
#[test]
fn embeddings_that_are_down_are_made_up_for_later() {
    let db = Db::sqlite();
    backlog(&db, 12);
    let server = ModelServer::start();
    server.script(EMBEDDINGS, [Step::status(503)]);
    let first = calls_of(&server, EMBEDDINGS, || {
        let result = run(&db, &server, 0).args(&["--batch", "12"]).done().code(0).json();
        assert_eq!((&result["processed"], &result["embedded"]), (&json!(12), &json!(0)));
    });
    assert!((5..=15).contains(&first), "{first}");
    assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 24.0);
    assert_eq!(calls_of(&server, EMBEDDINGS, || drop(run(&db, &server, 1).done().code(0))), 1, "the late facts probe");
    server.script(EMBEDDINGS, [Step::Good]);
    let result: Value = run(&db, &server, 2).done().code(0).json();
    assert_eq!(result["embedded"], 24);
    assert_eq!(db.number("select count(*) from memory_facts where embedding is null"), 0.0);
    assert_eq!(result["stage_tokens"]["memory_update"]["input"], 8);
}
