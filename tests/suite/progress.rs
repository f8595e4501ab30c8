//! Progress that a caller can poll, and what an entry says at its end (spec 04, "Progress" and "Transcripts").

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::model_server::{EMBEDDINGS, ModelServer, Step};
use crate::support::seed::{NOW, Player, at, conversation, transcript};

fn one(db: &Db, messages: &Value) -> Uuid {
    let user = Player { last_interaction: at(-3600), ..Player::default() }.insert(db);
    conversation(db, user, -3600, messages)
}

fn entry(db: &Db, args: &[&str]) -> Value {
    let args: Vec<_> = ["process-conversations", "--force", "--now", NOW].iter().chain(args).copied().collect();
    db.run(&args).code(0).json()["conversations"][0].clone()
}

on_every_database! {
    fn a_caller_polls_the_id_that_it_has_chosen(db) {
        let id = one(db, &transcript(&["I work as a nurse in Lisbon.", "Lovely!"]));
        let execution = Uuid::new_v4();
        let server = ModelServer::start();
        server.script(EMBEDDINGS, [Step::Late(Duration::from_millis(2500))]);
        let chosen = execution.to_string();
        let args = ["process-conversations", "--id", &id.to_string(), "--execution-id", &chosen, "--now", NOW];
        let running = server.serves(db.command(&args)).start();
        let status = || db.run(&["status", &chosen]);
        let mut seen = Value::Null;
        eventually("a stage is seen with the results before it", || {
            let status = status();
            if status.exit() != Some(0) {
                return false;
            }
            seen = status.json()["execution"]["progress"].clone();
            seen["conversations"][0]["stage_results"]["extraction"]["status"] == "success"
        });
        assert_eq!((&seen["unit"], &seen["done"], &seen["total"], &seen["percent"]), (&json!("conversations"), &json!(0), &json!(1), &json!(0)));
        assert_eq!((&seen["stage"], &seen["conversations"][0]["id"]), (&json!("memory_update"), &json!(id)));
        let result = running.done().code(0).json();
        assert_eq!((&result["execution_id"], &result["status"]), (&json!(execution), &json!("success")));
        // Once more with the same id.
        let again = db.run(&["process-conversations", "--id", &id.to_string(), "--reprocess", "--execution-id", &chosen]).code(1);
        assert!(again.error().contains("there is an execution"), "{}", again.error());
    }

    fn a_run_by_id_is_seen_like_any_other(db) {
        let id = one(db, &transcript(&["I work as a nurse in Lisbon.", "Lovely!"]));
        db.run(&["process-conversations", "--id", &id.to_string()]).code(0);
        assert_eq!(db.run(&["stats"]).code(0).json()["total_executions"], 1);
        assert_eq!(db.run(&["health"]).json()["judged_conversations"], 1);
    }

    fn an_entry_says_what_became_of_it(db) {
        one(db, &transcript(&["I work as a nurse in Lisbon.", "Lovely!"]));
        let good = entry(db, &[]);
        assert_eq!((&good["fallback"], &good["prompt_ready"]), (&json!("none"), &json!(true)));
        assert!(good["completed_at"].as_str().unwrap().starts_with("2026-11-18T12:00:"), "{good}");
        assert!(good.get("failed_stage").is_none() && good.get("unreadable_messages").is_none(), "{good}");
        one(db, &transcript(&["Hi", "Hello"]));
        let bad = entry(db, &["--rehearse", "extraction=fail"]);
        assert_eq!((&bad["failed_stage"], &bad["prompt_ready"]), (&json!("extraction"), &json!(false)), "{bad}");
        assert!(bad["reason"].is_string() && bad.get("completed_at").is_none(), "{bad}");
    }

    fn a_list_without_speech_is_not_passed_over_in_silence(db) {
        one(db, &json!(["secret", 5, {"role": "user", "content": {"type": "image", "data": "AAAA"}}]));
        let done = db.run(&["process-conversations", "--force", "--now", NOW]).code(0);
        let entry = done.json()["conversations"][0].clone();
        assert_eq!((&entry["status"], &entry["unreadable_messages"]), (&json!("success"), &json!(3)), "{entry}");
        assert!(done.stderr().contains("messages can't be read") && !done.all().contains("secret"), "{}", done.all());
    }

    fn a_call_is_read_from_its_raw_text_and_a_doubly_encoded_list_from_its_string(db) {
        let call = one(db, &json!([]));
        db.execute(&format!("update conversations set platform = 'voice', transcript_raw = 'user: I work as a nurse in Lisbon.\nagent: Lovely!' where id = '{call}'"));
        assert_eq!(entry(db, &[])["status"], "success");
        assert_eq!(db.number("select count(*) from memory_facts where fact like '%nurse%'"), 1.0);
        one(db, &json!(json!([{"role": "human", "content": [{"type": "text", "text": "I live in Porto."}]}]).to_string()));
        assert_eq!(entry(db, &[])["status"], "success");
        assert_eq!(db.number("select count(*) from memory_facts where fact like '%Porto%'"), 1.0);
    }
}
