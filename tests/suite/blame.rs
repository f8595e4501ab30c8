//! Whose trouble a failure is (spec 02), from outside: one that says neither is the row's where the same statement works for another.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::{Bin, Done, eventually};
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

/// The application lets nobody process this conversation.
fn refuse_to_claim(db: &Db, conversation: Uuid) {
    db.execute(&if db.is_postgres() {
        format!(
            "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$; \
             create trigger refuse before update on conversations for each row \
             when (new.status = 'processing' and new.id = '{conversation}') execute function refuse()"
        )
    } else {
        format!(
            "create trigger refuse before update on conversations when new.status = 'processing' and new.id = '{conversation}' \
             begin select raise(abort, 'not this one'); end"
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

    /// A claim takes several at once. One that the application refuses to let go into processing stays as it is, and is named; the others are
    /// processed.
    fn a_conversation_that_can_not_be_claimed_bears_it_alone(db) {
        let words = transcript(&["I love climbing.", "Tell me more!"]);
        let all: Vec<_> = (0..4).map(|n| conversation(db, Player::default().insert(db), (n - 6) * HOUR, &words)).collect();
        refuse_to_claim(db, all[1]);
        for concurrency in ["3", "1"] {
            let result = done(db, &["process-conversations", "--force", "--concurrency", concurrency], 3).json();
            let entry = result["conversations"].as_array().into_iter().flatten().find(|it| it["conversation_id"] == json!(all[1]));
            let entry = entry.unwrap_or_else(|| panic!("not named: {result}"));
            assert_eq!((&entry["status"], &entry["reason"]), (&json!("failed"), &json!("database")), "{entry}");
            assert!(entry["error"].as_str().is_some_and(|it| it.contains("not this one")), "{entry}");
            assert_eq!(standing(db, all[1]), ("active".into(), 0.0));
        }
        for fine in [0, 2, 3] {
            assert_eq!(standing(db, all[fine]), ("processed".into(), 1.0));
        }
        promises::kept(db);
    }

    fn an_unclear_failure_of_a_claim_is_the_conversations_where_another_is_claimed(db) {
        let words = transcript(&["I love climbing.", "Tell me more!"]);
        let all: Vec<_> = (0..3).map(|n| conversation(db, Player::default().insert(db), (n - 6) * HOUR, &words)).collect();
        fail_unclearly(db, "update", "conversations", &format!("new.status = 'processing' and new.id = '{}'", all[0]));
        let result = done(db, &["process-conversations", "--force"], 3).json();
        assert_eq!((&result["processed"], &result["failed"]), (&json!(2), &json!(1)), "{result}");
        assert_eq!(standing(db, all[0]), ("active".into(), 0.0));
        // Alone, nothing tells: the server's.
        done(db, &["process-conversations", "--force"], 69);
        assert_eq!(standing(db, all[0]), ("active".into(), 0.0));
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

/// What a conversation needs is read for several at once. Where a row of one player fails that, the others are processed, and that
/// conversation loses an attempt.
#[test]
fn a_player_whose_rows_fail_the_reading_bears_it_alone() {
    let db = Db::postgres();
    let words = transcript(&["I love climbing.", "Tell me more!"]);
    let players: Vec<_> = (0..3).map(|_| Player::default().insert(&db)).collect();
    let all: Vec<_> = players.iter().map(|player| conversation(&db, *player, -HOUR, &words)).collect();
    db.execute(&format!(
        "create function odd(id uuid) returns text language plpgsql volatile as $$ begin \
           if id = '{}' then raise exception 'odd trouble' using errcode = 'XX000'; end if; return 'a cafe'; end $$; \
         create view user_backstories as select id as user_id, odd(id) as venue_name from users",
        players[1]
    ));
    let result = done(&db, &["process-conversations", "--force"], 0).json();
    assert_eq!((&result["processed"], &result["retrying"]), (&json!(2), &json!(1)), "{result}");
    assert_eq!(standing(&db, all[1]), ("active".into(), 1.0));
    assert_eq!((standing(&db, all[0]).0, standing(&db, all[2]).0), ("processed".into(), "processed".into()));
    // Alone, it is the server's, and costs nothing.
    db.execute("update conversations set next_attempt_at = null");
    done(&db, &["process-conversations", "--force"], 69);
    assert_eq!(standing(&db, all[1]), ("active".into(), 1.0));
    promises::kept(&db);
}

/// One conversation could not be committed, and waits for another to tell whose trouble that is; the other's commit waits for a lock. A signal
/// is heard all the same, and neither loses an attempt.
#[test]
fn a_signal_is_heard_while_a_conversation_waits_for_blame() {
    let db = Db::postgres();
    let words = transcript(&["I love climbing.", "Tell me more!"]);
    let players: Vec<_> = (0..2).map(|_| Player::default().insert(&db)).collect();
    let all: Vec<_> = players.iter().map(|player| conversation(&db, *player, -HOUR, &words)).collect();
    db.execute(&format!(
        "create sequence tried; \
         create function fail() returns trigger language plpgsql as $$ begin \
           if new.user_id = '{}' then \
             perform nextval('tried'); raise exception 'odd trouble' using errcode = 'XX000'; \
           end if; \
           perform pg_advisory_xact_lock(42); return new; end $$; \
         create trigger fail before insert on ready_prompts for each row execute function fail()",
        players[0]
    ));
    let _held = db.hold("select pg_advisory_xact_lock(42)");
    let started = run(&db, &["process-conversations", "--force", "--concurrency", "2", "--lease", "30s"]).start();
    eventually("one could not be committed, and the other waits", || {
        db.number("select count(*) from tried where is_called") == 1.0
            && db.number(
                "select count(*) from pg_stat_activity where datname = current_database() \
                 and application_name = 'nikita-jobs' and wait_event_type = 'Lock'",
            ) == 1.0
    });
    started.signal("TERM");
    let result = started.done().code(143).json();
    assert_eq!((&result["status"], &result["retrying"]), (&json!("interrupted"), &json!(2)), "{result}");
    assert!(result["duration_ms"].as_i64().is_some_and(|ms| ms < 25_000), "{result}");
    for one in all {
        assert_eq!(standing(&db, one), ("active".into(), 0.0));
    }
    promises::kept(&db);
}

/// A transaction that another one got in the way of is tried again, in every command that writes, and costs nobody anything. Where it is in the
/// way for ever, that is the server's trouble.
#[test]
fn a_conflict_is_tried_again_and_costs_nothing() {
    let db = Db::postgres();
    let idle = || Player { last_interaction: at(-10 * HOUR), ..Player::default() }.insert(&db);
    let words = transcript(&["I love climbing.", "Tell me more!"]);
    let due = conversation(&db, idle(), -HOUR, &words);
    audit(&db, -2 * HOUR);
    let stuck =
        conversation(&db, Player { game_status: "game_over", ..Player::default() }.insert(&db), -9 * HOUR, &words);
    let old = at(-9 * HOUR);
    db.execute(&format!(
        "update conversations set status = 'processing', updated_at = {old}, processing_started_at = {old} where id = '{stuck}'"
    ));
    db.execute(
        "create sequence tries; \
         create function conflict() returns trigger language plpgsql as $$ begin \
           if nextval('tries') <= 2 then raise exception 'in the way' using errcode = '40001'; end if; \
           return case tg_op when 'DELETE' then old else new end; end $$; \
         create trigger conflict before update on users for each row execute function conflict(); \
         create trigger conflict before update on conversations for each row execute function conflict(); \
         create trigger conflict before insert on ready_prompts for each row execute function conflict(); \
         create trigger conflict before update on audit_reports for each row execute function conflict()",
    );
    let again = |args: &[&str]| {
        db.execute("alter sequence tries restart");
        let result = done(&db, args, 0).json();
        assert!(db.number("select last_value from tries") > 2.0, "nothing was in the way of {args:?}");
        result
    };
    assert_eq!(again(&["decay", "--force"])["decayed"], 1);
    assert_eq!(again(&["recover", "--force"])["recovered"], 1);
    assert_eq!(again(&["scan-stuck", "--force"])["recoveries_count"], 1);
    assert_eq!(again(&["process-conversations", "--force"])["processed"], 1);
    assert_eq!(standing(&db, due), ("processed".into(), 1.0));
    // In the commit alone.
    let next = conversation(&db, idle(), -HOUR, &words);
    db.execute("drop trigger conflict on conversations");
    assert_eq!(again(&["process-conversations", "--force"])["processed"], 1);
    assert_eq!(standing(&db, next), ("processed".into(), 1.0));
    let last = conversation(&db, idle(), -HOUR, &words);
    db.execute("alter sequence tries minvalue -1000000 restart with -1000000");
    done(&db, &["process-conversations", "--force"], 69);
    assert_eq!(standing(&db, last), ("active".into(), 0.0));
    done(&db, &["decay", "--force"], 69);
    promises::kept(&db);
}
