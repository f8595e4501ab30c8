//! Real providers, from outside: the binary against a server that speaks their wire formats.

use crate::support::bin::Bin;
use crate::support::db::Db;
use crate::support::invariants;
use crate::support::model_server::{CHAT, EMBEDDINGS, MESSAGES, ModelServer};
use crate::support::seed::{NOW, backlog};

/// A run as if it were [`NOW`], with a vendor's models at a server.
pub fn process(db: &Db, server: &ModelServer, vendor: &str) -> Bin {
    let bin = db.command(&["process-conversations", "--force", "--now", NOW]);
    server.serves(bin).env("NIKITA_LLM", format!("{vendor}:model-1")).env("NIKITA_BACKOFF", "100ms")
}

#[test]
fn a_conversation_goes_through_anthropic_and_openai() {
    for (vendor, path) in [("anthropic", MESSAGES), ("openai", CHAT)] {
        let db = Db::sqlite();
        let server = ModelServer::start();
        backlog(&db, 1);
        let result = process(&db, &server, vendor).done().code(0).json();
        assert_eq!(result["conversations"][0]["status"], "success", "{result}");
        assert_eq!((server.calls(path), server.calls(EMBEDDINGS)), (3, 1), "extraction, two prompts; the facts");
        let facts = db.rows("select fact from memory_facts where embedding is not null order by fact");
        assert_eq!(facts, [["They love climbing."], ["They work as a nurse in Lisbon."]]);
        assert_eq!(db.value("select conversation_summary from conversations"), "They talked about work.");
        invariants::check(&db);
    }
}
