//! What the stages that can do without a model make of its failures.

use serde_json::json;

use super::{entry, one, process, state};
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::model_server::{MESSAGES, ModelServer, Step, extraction};
use crate::support::promises;

/// A server whose extraction leaves the summary to a second question, which meets `step`.
fn second_is(step: Step) -> ModelServer {
    let server = ModelServer::start();
    let mut short = extraction();
    short["summary"] = json!("");
    server.extracts(short);
    server.script(MESSAGES, [Step::Good, step]);
    server
}

fn prompts(db: &Db) -> Vec<String> {
    db.rows("select prompt_text from ready_prompts where is_current order by platform").concat()
}

#[test]
fn a_summary_is_taken_from_the_model_where_extraction_had_none() {
    let (db, _) = one();
    let server = second_is(Step::Good);
    server.says("They talked about Lisbon.");
    process(&db, &server, "anthropic").done().code(0);
    assert_eq!(db.value("select conversation_summary from conversations"), "They talked about Lisbon.");
}

#[test]
fn a_summary_that_can_not_be_had_is_cut_from_the_messages() {
    for step in [Step::status(503), Step::status(400), Step::reply(&json!({"content": []}))] {
        let (db, _) = one();
        let server = second_is(step.clone());
        let done = process(&db, &server, "anthropic").done().code(0);
        assert_eq!(entry(&done)["status"], "success", "{step:?}: {}", done.all());
        let summary = db.value("select conversation_summary from conversations");
        assert!(summary.contains("nurse") || summary.contains("climbing"), "{summary}");
        promises::kept(&db);
    }
}

#[test]
fn a_wrong_key_is_not_hidden_by_what_a_stage_can_do_without() {
    // Withdrawn after the extraction: for the summary, and for the prompts.
    let (db, server) = one();
    server.script(MESSAGES, [Step::Good, Step::status(401)]);
    for (server, enrich) in [(second_is(Step::status(401)), "false"), (server, "true")] {
        let done = process(&db, &server, "anthropic").env("NIKITA_ENRICH", enrich).done().code(78);
        assert!(done.error().contains("ANTHROPIC_API_KEY"), "{}", done.error());
        assert_eq!(state(&db), ["active", "0", "0"]);
        promises::kept(&db);
    }
}

#[test]
fn a_polish_that_fails_or_loses_half_leaves_the_plain_prompt() {
    let half = json!({"content": [{"type": "text", "text": "Be nice."}], "stop_reason": "end_turn"});
    let cut = json!({"content": [{"type": "text", "text": "Be nice. ".repeat(1_000)}], "stop_reason": "max_tokens"});
    for step in [Step::status(503), Step::status(400), Step::reply(&half), Step::reply(&cut), Step::HangUp] {
        let (db, server) = one();
        server.script(MESSAGES, [Step::Good, step.clone()]);
        let done = process(&db, &server, "anthropic").env("NIKITA_ENRICH", "true").done().code(0);
        assert_eq!(entry(&done)["status"], "success", "{step:?}: {}", done.all());
        assert!(server.calls(MESSAGES) >= 3, "both were asked to be polished");
        let prompts = prompts(&db);
        assert!(
            prompts.len() == 2 && prompts.iter().all(|it| !it.contains("Be nice.") && it.contains("nurse")),
            "{step:?}"
        );
        promises::kept(&db);
    }
}

#[test]
fn a_polish_that_takes_too_long_leaves_the_plain_prompt() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::Good, Step::Stall]);
    let run = process(&db, &server, "anthropic").env("NIKITA_ENRICH", "true").args(&["--timeout", "6s"]);
    let done = run.done().code(0);
    assert_eq!(entry(&done)["status"], "success", "{}", done.all());
    assert_eq!(prompts(&db).len(), 2);
    eventually("both were given up", || server.hung_up() == 2);
    // Four fifths of what was left of the pipeline's time.
    let took = done.json()["stage_timings"]["prompt_builder"]["total_ms"].as_f64().unwrap();
    let before = entry(&done)["total_duration_ms"].as_f64().unwrap() - took;
    assert!(took < (6_000.0 - before) * 0.9, "{took} ms after {before} ms");
}
