//! Whose trouble a failure is (spec 02), from outside: one that says neither is the row's where the same statement works for another.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::{Bin, Done};
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, conversation, transcript};

const HOUR: i64 = 3600;

/// Makes the database fail a write to these rows with a code that does not say whose trouble it is: an internal error, or a value too big.
fn fail_unclearly(db: &Db, before: &str, table: &str, which: &str) {
    db.execute(&if db.is_postgres() {
        format!(
            "create function fail() returns trigger language plpgsql as $$ begin \
             raise exception 'odd trouble' using errcode = 'XX000'; end $$; \
             create trigger fail before {before} on {table} for each row when ({which}) execute function fail()"
        )
    } else {
        let row = if before == "insert" { "new" } else { "old" };
        format!(
            "create trigger fail before {before} on {table} when {which} \
             begin select zeroblob(2000000000 + {row}.rowid); end"
        )
    });
}

fn run(db: &Db, args: &[&str]) -> Bin {
    let all: Vec<_> = args.iter().copied().chain(["--now", NOW]).collect();
    db.command(&all)
}

fn done(db: &Db, args: &[&str], code: i32) -> Done {
    run(db, args).done().code(code)
}

fn standing(db: &Db, conversation: Uuid) -> (String, f64) {
    (
        db.value(&format!("select status from conversations where id = '{conversation}'")),
        db.number(&format!("select coalesce(processing_attempts, 0) from conversations where id = '{conversation}'")),
    )
}

fn audit(db: &Db, began: i64) -> Uuid {
    let (id, began) = (Uuid::new_v4(), at(began));
    db.execute(&format!(
        "insert into audit_reports (audit_id, audit_type, status, audit_date, execution_logs) \
         values ('{id}', 'nightly', 'in_progress', {began}, '[]')"
    ));
    id
}

/// What is wrong with each entry of a list, the sound ones left out.
fn errors<'a>(result: &'a Value, list: &str) -> Vec<&'a Value> {
    result[list].as_array().into_iter().flatten().map(|it| &it["error"]).filter(|it| !it.is_null()).collect()
}

on_every_database! {
    /// The first to be committed fails: the next tells that it is its own trouble, which costs it an attempt, and the run goes on.
    fn an_unclear_failure_of_a_commit_is_the_conversations_where_another_commits(db) {
        let words = transcript(&["I love climbing.", "Tell me more!"]);
        let (odd, fine) = (Player::default().insert(db), Player::default().insert(db));
        let first = conversation(db, odd, -2 * HOUR, &words);
        let second = conversation(db, fine, -HOUR, &words);
        fail_unclearly(db, "insert", "ready_prompts", &format!("new.user_id = '{odd}'"));
        let result = done(db, &["process-conversations", "--force", "--concurrency", "1"], 0).json();
        assert_eq!((&result["detected"], &result["conversations"].as_array().map(Vec::len)), (&json!(2), &Some(2)), "{result}");
        assert_eq!(standing(db, first), ("active".into(), 1.0), "{result}");
        assert_eq!(standing(db, second).0, "processed", "{result}");
        promises::kept(db);
    }

    /// Alone, nothing tells: the server's, and no attempt is lost.
    fn an_unclear_failure_of_the_only_commit_is_the_servers(db) {
        let user = Player::default().insert(db);
        let only = conversation(db, user, -HOUR, &transcript(&["I love climbing.", "Tell me more!"]));
        fail_unclearly(db, "insert", "ready_prompts", &format!("new.user_id = '{user}'"));
        let id = only.to_string();
        for args in [&["process-conversations", "--force"][..], &["process-conversations", "--force", "--id", &id]] {
            db.execute("update conversations set next_attempt_at = null");
            let code = done(db, args, 69);
            assert_eq!(standing(db, only), ("active".into(), 0.0), "{}", code.stderr());
        }
        promises::kept(db);
    }

    fn an_unclear_failure_of_a_scan_is_the_audits_where_another_ends(db) {
        let (first, second) = (audit(db, -2 * HOUR), audit(db, -HOUR));
        fail_unclearly(db, "update", "audit_reports", &format!("old.audit_id = '{first}'"));
        let result = done(db, &["scan-stuck", "--force"], 3).json();
        assert_eq!((errors(&result, "recoveries").len(), &result["recoveries_count"]), (1, &json!(1)), "{result}");
        assert_eq!(db.value(&format!("select status from audit_reports where audit_id = '{second}'")), "failed");
        // The one that is left has no other beside it.
        done(db, &["scan-stuck", "--force"], 69);
    }

    fn an_unclear_failure_of_a_retry_is_the_conversations_where_another_works(db) {
        let all: Vec<_> = (0..2).map(|_| conversation(db, Player::default().insert(db), -HOUR, &json!([]))).collect();
        db.execute("update conversations set status = 'failed', processing_attempts = 3");
        fail_unclearly(db, "update", "conversations", &format!("old.id = '{}'", all[0]));
        let [odd, fine] = [all[0].to_string(), all[1].to_string()];
        let result = done(db, &["retry", &odd, &fine], 3).json();
        assert_eq!((errors(&result, "errors").len(), &result["retried"]), (1, &json!(1)), "{result}");
        done(db, &["retry", &odd], 69);
    }
}
