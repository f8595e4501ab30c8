//! Real providers, from outside: the binary against a server that speaks their wire formats. What goes over the wire is in
//! `wire`, each row of spec 05's table in `faults`, servers' habits in `habits`, `replies` and `vectors`, how often anybody is asked in
//! `bounds`, what is set in `settings`, what stages do without a model in `stages`, what no text can do in `injection`, which sentence
//! shows a memory in `sentences`, what nobody may read in `marked`.

use std::time::Duration;

use serde_json::Value;

use crate::support::bin::{Bin, Done};
use crate::support::db::Db;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer, Step};
use crate::support::promises;
use crate::support::seed::{NOW, backlog};

mod bounds;
mod faults;
mod habits;
mod injection;
mod marked;
mod replies;
mod sentences;
mod settings;
mod stages;
mod vectors;
mod wire;

/// The first pause before a retry in these tests, in the place of a second.
const BACKOFF: Duration = Duration::from_millis(60);

/// A run as if it were [`NOW`], with a vendor's models at a server, and prompts as they are.
fn process(db: &Db, server: &ModelServer, vendor: &str) -> Bin {
    let bin = db.command(&["process-conversations", "--force", "--now", NOW]);
    let bin = server.serves(bin).env("NIKITA_LLM", format!("{vendor}:model-1")).env("NIKITA_ENRICH", "false");
    bin.env("NIKITA_BACKOFF", format!("{}ms", BACKOFF.as_millis()))
}

/// One player's conversation and a server.
fn one() -> (Db, ModelServer) {
    let db = Db::sqlite();
    backlog(&db, 1);
    (db, ModelServer::start())
}

/// Makes all conversations due again, as if nothing had been tried.
fn again(db: &Db) {
    db.execute(
        "update conversations set status = 'active', processing_attempts = 0, provider_outages = 0, refusals = 0, \
         next_attempt_at = null, last_error = null",
    );
}

/// The one conversation's status, attempts and free outages.
fn state(db: &Db) -> [String; 3] {
    let mut rows = db.rows("select status, processing_attempts, provider_outages from conversations");
    assert_eq!(rows.len(), 1);
    rows.remove(0).try_into().expect("three columns")
}

fn last_error(db: &Db) -> String {
    db.value("select coalesce(last_error, '') from conversations")
}

/// How long extraction took.
fn extraction_took(result: &Value) -> Duration {
    Duration::from_secs_f64(result["stage_timings"]["extraction"]["total_ms"].as_f64().expect("it ran") / 1000.0)
}

/// The one conversation's entry.
fn entry(done: &Done) -> Value {
    done.json()["conversations"][0].clone()
}

#[test]
fn a_conversation_goes_through_anthropic_and_openai() {
    for (vendor, path) in [("anthropic", MESSAGES), ("openai", CHAT)] {
        let (db, server) = one();
        let done = process(&db, &server, vendor).env("NIKITA_ENRICH", "true").done().code(0);
        assert_eq!(entry(&done)["status"], "success", "{}", done.all());
        assert_eq!((server.calls(path), server.calls(EMBEDDINGS)), (3, 1), "extraction, two prompts; the facts");
        let facts = db.rows("select fact from memory_facts where embedding is not null order by fact");
        assert_eq!(facts, [["They love climbing."], ["They work as a nurse in Lisbon."]]);
        assert_eq!(db.value("select conversation_summary from conversations"), "They talked about work.");
        let polished = "select count(*) from ready_prompts where prompt_text like '%Polished.'";
        assert_eq!(db.number(polished), 2.0);
        promises::kept(&db);
    }
}

/// Not only SQLite: an outage, then a recovery, on every database.
#[test]
fn after_an_outage_the_conversation_is_processed() {
    for db in [Db::sqlite(), Db::postgres()] {
        let server = ModelServer::start();
        backlog(&db, 1);
        server.script(MESSAGES, [Step::status(503)]);
        process(&db, &server, "anthropic").done().code(69);
        assert_eq!(state(&db), ["active", "0", "1"]);
        promises::kept(&db);
        db.execute("update conversations set next_attempt_at = null");
        server.script(MESSAGES, [Step::Good]);
        process(&db, &server, "anthropic").done().code(0);
        assert_eq!(server.calls(MESSAGES), 4 + 1);
        assert_eq!(state(&db)[0], "processed");
        promises::kept(&db);
    }
}

#[test]
fn a_conversation_outlasts_trouble_that_passes_in_time() {
    let (db, server) = one();
    server.script(MESSAGES, [Step::status(503), Step::Cut, Step::Good]);
    process(&db, &server, "anthropic").done().code(0);
    assert_eq!(server.calls(MESSAGES), 3);
    assert_eq!(state(&db), ["processed", "1", "0"]);
}
