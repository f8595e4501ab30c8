//! No key, password or word of a conversation in any output or stored result, whatever fails and however much is logged.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::again;
use crate::support::bin::Bin;
use crate::support::db::Db;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Step, chat, extraction, message};
use crate::support::seed::{NOW, Player, at, conversation, transcript};

const KEYS: [&str; 2] = ["sk-ant-MARKEDKEYONE", "sk-proj-MARKEDKEYTWO"];
const SPOKEN: &str = "Whisperword";

/// Everything at once: all marks set, everything logged.
fn marked(db: &Db, server: &ModelServer, vendor: &str) -> Bin {
    let bin = server.serves(db.command(&["process-conversations", "--force", "--now", NOW, "-vvv"]));
    bin.env("ANTHROPIC_API_KEY", KEYS[0])
        .env("OPENAI_API_KEY", KEYS[1])
        .env("NIKITA_LLM", format!("{vendor}:m"))
        .env("RUST_LOG", "trace")
        .env("NIKITA_BACKOFF", "5ms")
        .env("NIKITA_REQUEST_TIMEOUT", "300ms")
}

#[test]
fn no_failure_of_anthropic_tells_a_mark() {
    tells_nothing(&Db::sqlite(), "anthropic", MESSAGES);
}

#[test]
fn no_failure_of_openai_tells_a_mark() {
    tells_nothing(&Db::sqlite(), "openai", CHAT);
}

#[test]
fn no_failure_of_embeddings_tells_a_mark() {
    tells_nothing(&Db::sqlite(), "anthropic", EMBEDDINGS);
}

#[test]
fn no_failure_beside_postgresql_tells_a_mark() {
    tells_nothing(&Db::postgres(), "anthropic", MESSAGES);
}

/// Every way in which a provider can fail, its own words full of marks.
fn steps() -> Vec<Step> {
    let mut broken = told();
    broken["facts"][0]["kind"] = json!(SPOKEN);
    let call = json!({"type": "tool_use", "id": "t", "name": "conversation_notes", "input": broken});
    let talk = format!("bad request with {} and {}: user: My secret is {SPOKEN}.", KEYS[0], KEYS[1]);
    let mut steps: Vec<Step> =
        [400, 401, 402, 404, 422, 429, 503].map(|status| Step::error(status, SPOKEN, &talk)).into();
    steps.extend([
        Step::Good,
        Step::Stall,
        Step::StallBody,
        Step::Cut,
        Step::HangUp,
        Step::Drip(Duration::from_millis(100)),
        Step::Answer(200, vec![], talk.clone()),
        Step::Answer(500, vec![], talk.clone()),
        Step::Answer(400, vec![], json!({"error": talk}).to_string()),
        Step::reply(&message(&json!({}), &json!([call]), "tool_use")),
        Step::reply(&chat(&json!({}), &json!({"role": "assistant", "content": talk}), "stop")),
        Step::reply(&message(&json!({}), &json!([{"type": "text", "text": talk}]), "end_turn")),
        Step::reply(&message(&json!({}), &json!([]), "refusal")),
    ]);
    steps
}

/// What good answers extract here.
fn told() -> Value {
    let mut told = extraction();
    told["facts"][0]["fact"] = json!(format!("Their secret is {SPOKEN}."));
    told["summary"] = json!(format!("{SPOKEN} was told."));
    told
}

fn tells_nothing(db: &Db, vendor: &str, path: &str) {
    let password =
        db.url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).and_then(|(it, _)| it.split_once(':'));
    let password = password.map(|(_, password)| password.to_owned());
    assert_eq!(password.is_some(), db.is_postgres(), "the test cluster wants a password");
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
    conversation(db, user, -3600, &transcript(&[&format!("My secret is {SPOKEN}."), "Tell me more!"]));
    let mut ends = BTreeSet::new();
    // What can fail is the provider's; beside another database a few ways are enough.
    for step in steps().into_iter().step_by(if db.is_postgres() { 3 } else { 1 }) {
        again(db);
        let server = ModelServer::start();
        server.extracts(told());
        server.script(path, [step.clone()]);
        let done = marked(db, &server, vendor).done();
        assert!(server.calls(path) > 0, "{step:?} was met: {}", done.all());
        ends.insert(done.json()["exit_code"].as_i64().unwrap());
        let results = db.rows("select result, cast(id as text) from job_executions").concat().concat();
        let errors = db.rows("select coalesce(last_error, '') from conversations").concat().concat();
        for text in [done.all(), results, errors] {
            let marks = KEYS.iter().chain([&SPOKEN, &"MARKEDKEY"]).copied().chain(password.as_deref());
            let found: Vec<_> = marks.filter(|mark| text.contains(mark)).collect();
            assert!(found.is_empty(), "{found:?} after {step:?} on {path} in {text}");
        }
    }
    let expected = BTreeSet::from_iter(if path == EMBEDDINGS { vec![0, 78] } else { vec![0, 69, 78] });
    assert!(db.is_postgres() || ends.is_superset(&expected), "every kind of end was met: {ends:?}");
}

/// The same for a panic: its message may quote what it choked on.
#[test]
fn a_panic_does_not_quote() {
    let (db, server) = super::one();
    let done = marked(&db, &server, "anthropic").env("NIKITA_REHEARSE", "emotional=panic").done().code(70);
    assert!(!done.all().contains("MARKEDKEY") && !done.all().contains("nurse"), "{}", done.all());
}
