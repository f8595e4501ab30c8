//! Money: prices and budgets, and that nothing is paid for twice.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::on_every_database;
use crate::support::bin::{Bin, eventually};
use crate::support::db::Db;
use crate::support::model_server::{EMBEDDINGS, MESSAGES, ModelServer, Step};
use crate::support::promises;
use crate::support::seed::{backlog, time};

#[test]
fn a_wrong_budget_or_price_file_is_refused_with_its_name() {
    let db = Db::sqlite();
    let folder = TempDir::new().unwrap();
    let prices = folder.path().join("prices.json");
    fs::write(&prices, r#"{"my-model": {"input": "cheap"}}"#).unwrap();
    let prices = prices.display().to_string();
    for (variable, flag, value, said) in [
        ("NIKITA_BUDGET_USD", "--budget-usd", "0", "must be more than zero"),
        ("NIKITA_BUDGET_USD", "--budget-usd", "-1", "must be more than zero"),
        ("NIKITA_BUDGET_USD", "--budget-usd", "a lot", "is not an amount such as 0.50"),
        ("NIKITA_PRICES_FILE", "--prices-file", &prices, "has \"cheap\" as a price of \"my-model\""),
        ("NIKITA_PRICES_FILE", "--prices-file", "/nowhere.json", "can't be read"),
        ("NIKITA_BACKFILL", "--backfill", "some", "is not a whole number from 0 to 100000"),
    ] {
        let error = db.command(&["process-conversations"]).env(variable, value).done().code(78).error();
        assert!(error.contains(variable) && error.contains(said), "{error}");
        let error = db.run(&["process-conversations", flag, value]).code(2).error();
        assert!(error.contains(flag) && error.contains(said), "{error}");
    }
}

on_every_database! {
    fn local_models_cost_nothing_and_keep_within_any_budget(db) {
        backlog(db, 2);
        let result = db.run(&["process-conversations", "--budget-usd", "0.01"]).code(0).json();
        assert_eq!((&result["processed"], &result["cost_usd"]), (&json!(2), &json!("0.0000")));
        assert_eq!((&result["stage_tokens"], &result["unpriced"]), (&json!({}), &json!([])));
        assert_eq!(result["budget_reached"], json!(false));
        assert_eq!(result["conversations"][0]["cost_usd"], "0.000000");
        assert_eq!(db.number("select cost_usd from job_executions"), 0.0);
        assert_eq!(db.number("select count(*) from stage_memos"), 0.0);
    }
}

/// A run with real models at a server, so many seconds after the first one.
fn paid(db: &Db, server: &ModelServer, seconds: i64) -> Bin {
    let bin = server.serves(db.command(&["process-conversations", "--force", "--now", &time(seconds)]));
    bin.env("NIKITA_LLM", "anthropic:claude-haiku-4-5").env("NIKITA_ENRICH", "false").env("NIKITA_BACKOFF", "10ms")
}

on_every_database! {
    fn a_budget_stops_new_claims(db) {
        backlog(db, 5);
        let server = ModelServer::start();
        // 1,023 tokens at $1 and 200 at $5 a million make $0.002023; 8 tokens of embeddings at $0.02 hardly show.
        let result = paid(db, &server, 0).args(&["--concurrency", "1", "--budget-usd", "0.005"]).done().code(0).json();
        assert_eq!((&result["processed"], &result["deferred"]), (&json!(3), &json!(2)));
        assert_eq!((&result["budget_reached"], &result["cost_usd"]), (&json!(true), &json!("0.0061")));
        assert_eq!(result["conversations"][0]["cost_usd"], "0.002023");
        assert_eq!(
            result["stage_tokens"],
            json!({
                "extraction": {"input": 3069, "cached": 9, "output": 600, "cost_usd": "0.006069"},
                "memory_update": {"input": 24, "cached": 0, "output": 0, "cost_usd": "0.000000"},
            })
        );
        assert_eq!(db.number("select cost_usd from job_executions"), 0.006_069);
        assert_eq!(db.number("select count(*) from conversations where status = 'active' and processing_attempts = 0"), 2.0);
        let rest = paid(db, &server, 60).args(&["--budget-usd", "0.005"]).done().code(0).json();
        assert_eq!((&rest["processed"], &rest["budget_reached"]), (&json!(2), &json!(false)));
        promises::kept(db);
    }

    fn a_killed_run_does_not_pay_twice(db) {
        backlog(db, 1);
        let server = ModelServer::start();
        server.script(EMBEDDINGS, [Step::Stall]);
        let running = paid(db, &server, 0).args(&["--lease", "2s"]).start();
        eventually("the model was asked, and its answer is being embedded", || server.calls(EMBEDDINGS) == 1);
        running.signal("KILL");
        assert!(running.done().was_killed());
        assert_eq!((server.calls(MESSAGES), db.number("select count(*) from stage_memos")), (1, 1.0));
        let conversation = db.value("select id from conversations");
        db.run(&["recover", "--requeue", "--now", &time(60), "conversation", &conversation]).code(0);
        server.script(EMBEDDINGS, [Step::Good]);
        let result = paid(db, &server, 120).done().code(0).json();
        assert_eq!(result["processed"], 1);
        assert_eq!((server.calls(MESSAGES), result["stage_tokens"].get("extraction")), (1, None), "paid for once");
        assert!(db.number("select count(*) from memory_facts") >= 2.0, "what it said is there");
        assert_eq!(db.number("select count(*) from stage_memos"), 0.0, "and the memo is gone");
        promises::kept(db);
    }

    fn another_model_or_transcript_is_another_question(db) {
        backlog(db, 1);
        let server = ModelServer::start();
        let useless = Step::reply(&json!({"object": "list", "data": [], "model": "m", "usage": {"prompt_tokens": 8, "total_tokens": 8}}));
        server.script(EMBEDDINGS, [useless]);
        assert_eq!(paid(db, &server, 0).done().code(0).json()["retrying"], 1);
        assert_eq!((server.calls(MESSAGES), db.number("select count(*) from stage_memos")), (1, 1.0));
        let other = paid(db, &server, 600).env("NIKITA_LLM", "anthropic:claude-opus-4-8").done().code(0).json();
        assert_eq!((&other["retrying"], server.calls(MESSAGES)), (&json!(1), 2));
        let more = json!([{"role": "user", "content": "I have moved to Porto."}]);
        db.execute(&format!("update conversations set messages = '{more}'"));
        assert_eq!(paid(db, &server, 1200).done().code(3).json()["failed"], 1);
        assert_eq!(server.calls(MESSAGES), 3);
        assert_eq!(db.number("select count(*) from stage_memos"), 0.0, "given up, so nothing is kept of it");
    }

    fn a_worker_that_lost_its_claim_leaves_no_memo(db) {
        backlog(db, 1);
        let server = ModelServer::start();
        server.script(MESSAGES, [Step::Late(Duration::from_secs(2))]);
        let running = paid(db, &server, 0).args(&["--batch", "1"]).start();
        eventually("the model is being asked", || server.calls(MESSAGES) == 1);
        let conversation = db.value("select id from conversations");
        // Frozen, so that its answer comes after the claim is gone.
        running.signal("STOP");
        db.run(&["recover", "--requeue", "--now", &time(60), "conversation", &conversation]).code(0);
        running.signal("CONT");
        running.done().code(1);
        assert_eq!(db.value("select status from conversations"), "active", "the next one starts afresh");
        assert_eq!(db.number("select count(*) from stage_memos"), 0.0);
    }

    fn a_memo_ends_with_its_conversation_and_not_later(db) {
        backlog(db, 2);
        let server = ModelServer::start();
        server.script(EMBEDDINGS, [Step::Good, Step::Stall]);
        let running = paid(db, &server, 0).start();
        let count = |sql: &str| db.number(&format!("select count(*) from {sql}"));
        eventually("one is processed, the other is under way", || {
            count("conversations where status = 'processed'") == 1.0 && server.calls(EMBEDDINGS) == 2
        });
        let of = "stage_memos m join conversations c on c.id = m.conversation_id where c.status";
        assert_eq!((count(&format!("{of} = 'processed'")), count(&format!("{of} = 'processing'"))), (0.0, 1.0));
        running.signal("KILL");
    }

    fn what_others_have_ended_is_forgotten_by_the_next_run(db) {
        backlog(db, 1);
        db.execute("insert into stage_memos (conversation_id, stage, input_hash, answer) \
            select id, 'extraction', 'x', '{}' from conversations");
        db.execute("update conversations set status = 'failed'");
        db.run(&["process-conversations", "--force"]).code(0);
        assert_eq!(db.number("select count(*) from stage_memos"), 0.0);
    }

    fn what_is_broken_off_is_paid_for_all_the_same(db) {
        backlog(db, 1);
        let server = ModelServer::start();
        server.script(EMBEDDINGS, [Step::Stall]);
        let running = paid(db, &server, 0).args(&["--grace", "0s"]).start();
        eventually("the model was asked, and its answer is being embedded", || server.calls(EMBEDDINGS) == 1);
        running.signal("TERM");
        let result = running.done().code(143).json();
        assert_eq!((&result["released"], &result["cost_usd"]), (&json!(1), &json!("0.0020")));
        assert_eq!(result["conversations"][0]["cost_usd"], "0.002023");
        assert_eq!(db.number("select cost_usd from job_executions"), 0.002_023);
        promises::kept(db);
    }
}

#[test]
fn a_model_without_a_price_is_said_and_has_no_budget() {
    let db = Db::sqlite();
    backlog(&db, 2);
    let server = ModelServer::start();
    let ours = |bin: Bin| bin.env("NIKITA_LLM", "anthropic:our-own");
    let error = ours(paid(&db, &server, 0)).env("NIKITA_BUDGET_USD", "1").done().code(78).error();
    assert!(error.contains("the model \"our-own\" has no price") && error.contains("NIKITA_PRICES_FILE"), "{error}");
    let done = ours(paid(&db, &server, 0)).args(&["--batch", "1"]).done().code(0);
    assert_eq!(done.stderr().matches("this model has no price").count(), 1);
    let result = done.json();
    assert_eq!((&result["unpriced"], &result["conversations"][0]["cost_usd"]), (&json!(["our-own"]), &json!(null)));
    assert_eq!((&result["cost_usd"], &result["stage_tokens"]["extraction"]["output"]), (&json!("0.0000"), &json!(200)));
    let folder = TempDir::new().unwrap();
    let prices = folder.path().join("prices.json");
    fs::write(&prices, r#"{"our-*": {"input": 10, "output": "50.00"}}"#).unwrap();
    let known = ours(paid(&db, &server, 60)).args(&["--budget-usd", "1"]).env("NIKITA_PRICES_FILE", &prices);
    assert_eq!(known.done().code(0).json()["cost_usd"], "0.0202");
}
