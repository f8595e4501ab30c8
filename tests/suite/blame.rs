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

/// The application refuses changes of conversations.
fn refuse(db: &Db, which: &str) {
    db.execute(&if db.is_postgres() {
        format!(
            "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$; \
             create trigger refuse before update on conversations for each row when ({which}) execute function refuse()"
        )
    } else {
        format!(
            "create trigger refuse before update on conversations when {which} begin select raise(abort, 'not this one'); end"
        )
    });
}

/// The application lets nobody process this conversation.
fn refuse_to_claim(db: &Db, conversation: Uuid) {
    refuse(db, &format!("new.status = 'processing' and new.id = '{conversation}'"));
}

/// From now on, reading a fact's vector fails as this body of a function says, in which `it.numbers` is the vector.
fn read_vectors_by(db: &Db, body: &str) {
    db.execute(&format!(
        "create type odd_vector as (numbers real[]); \
         create function numbers(it odd_vector) returns real[] language plpgsql as $$ begin {body} return it.numbers; end $$; \
         create cast (odd_vector as real[]) with function numbers(odd_vector); \
         create function odd(numbers real[]) returns odd_vector language sql as $$ select row(numbers)::odd_vector $$; \
         create cast (real[] as odd_vector) with function odd(real[]) as assignment; \
         alter table memory_facts alter column embedding type odd_vector using row(embedding)::odd_vector"
    ));
}

/// A player with a fact, and a conversation with another one.
fn player_with_facts(db: &Db, vector: &str, last_message: i64) -> Uuid {
    let user = Player::default().insert(db);
    db.execute(&format!(
        "insert into memory_facts (user_id, graph_type, fact, embedding) values ('{user}', 'user', 'I like tea', {vector})"
    ));
    conversation(db, user, last_message, &transcript(&["I work as a nurse in Lisbon.", "Tell me more!"]))
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

    /// The application allows no `failed` here: the conversation uses up its attempts. Neither the others nor its player's newer ones wait for it
    /// any longer.
    fn a_conversation_that_can_not_be_failed_uses_up_its_attempts(db) {
        let user = Player::default().insert(db);
        let broken = conversation(db, user, -3 * HOUR, &json!({"role": "user", "content": "no list"}));
        let words = transcript(&["I love climbing.", "Tell me more!"]);
        let (newer, other) = (conversation(db, user, -2 * HOUR, &words), conversation(db, Player::default().insert(db), -HOUR, &words));
        refuse(db, &format!("new.status = 'failed' and new.id = '{broken}'"));
        for attempt in [1.0, 2.0, 3.0] {
            db.execute("update conversations set next_attempt_at = null where status = 'active'");
            let result = done(db, &["process-conversations", "--force"], 3).json();
            assert_eq!(result["failed"], 1, "{result}");
            assert_eq!(standing(db, broken), ("active".into(), attempt), "{result}");
            assert_eq!(standing(db, other).0, "processed", "{result}");
        }
        done(db, &["process-conversations", "--force"], 0);
        assert_eq!((standing(db, broken), standing(db, newer).0), (("active".into(), 3.0), "processed".into()));
        promises::kept(db);
    }

    /// The application allows no end of this one at all: it stays where it is with its attempt, and the others are processed.
    fn a_conversation_that_can_not_be_closed_bears_it_alone(db) {
        let words = transcript(&["I love climbing.", "Tell me more!"]);
        let all: Vec<_> = (0..3).map(|n| conversation(db, Player::default().insert(db), (n - 6) * HOUR, &words)).collect();
        refuse(db, &format!("old.status = 'processing' and new.id = '{}'", all[0]));
        let result = done(db, &["process-conversations", "--force", "--concurrency", "1"], 3).json();
        assert_eq!((&result["processed"], &result["failed"], &result["released"]), (&json!(2), &json!(1), &json!(0)), "{result}");
        let entry = result["conversations"].as_array().into_iter().flatten().find(|it| it["conversation_id"] == json!(all[0]));
        let error = entry.and_then(|it| it["error"].as_str()).unwrap_or_default();
        assert!(error.contains("not this one") && error.contains("`recover`"), "{result}");
        assert_eq!(standing(db, all[0]), ("processing".into(), 1.0));
        // When the application lets it go, it is recovered.
        db.execute(if db.is_postgres() { "drop trigger refuse on conversations" } else { "drop trigger refuse" });
        done(db, &["recover", "--force", "--requeue"], 0);
        done(db, &["process-conversations", "--force"], 0);
        assert_eq!(standing(db, all[0]), ("processed".into(), 2.0));
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

/// A player's facts are compared with the new ones. Where one of them fails that, the conversation loses an attempt, and the others go on.
#[test]
fn a_player_whose_facts_can_not_be_compared_bears_it_alone() {
    let db = Db::postgres();
    db.execute("alter table memory_facts alter column embedding type double precision[]");
    let odd = player_with_facts(&db, "'{1e300}'", -2 * HOUR);
    let fine = player_with_facts(&db, "'{1}'", -HOUR);
    for (attempt, code) in [(1.0, 0), (2.0, 0), (3.0, 3)] {
        db.execute("update conversations set next_attempt_at = null where status = 'active'");
        let result = done(&db, &["process-conversations", "--force", "--concurrency", "1"], code).json();
        let entry = &result["conversations"][0];
        assert_eq!((&entry["conversation_id"], &entry["reason"]), (&json!(odd), &json!("database")), "{result}");
        assert_eq!(entry["failed_stage"], "memory_update", "{result}");
        let status = if code == 0 { "active" } else { "failed" };
        assert_eq!((standing(&db, odd), standing(&db, fine).0), ((status.into(), attempt), "processed".into()));
    }
    promises::kept(&db);
}

#[test]
fn an_unclear_failure_of_a_question_is_the_conversations_where_another_is_answered() {
    let db = Db::postgres();
    read_vectors_by(&db, "if it.numbers = '{}' then raise exception 'odd trouble' using errcode = 'XX000'; end if;");
    let odd = player_with_facts(&db, "row('{}')", -2 * HOUR);
    let fine = player_with_facts(&db, "row('{1}')", -HOUR);
    let result = done(&db, &["process-conversations", "--force", "--concurrency", "1"], 0).json();
    assert_eq!((&result["processed"], &result["retrying"]), (&json!(1), &json!(1)), "{result}");
    assert_eq!((standing(&db, odd), standing(&db, fine).0), (("active".into(), 1.0), "processed".into()));
    // Alone, nothing tells: the server's, and it waits.
    db.execute("update conversations set next_attempt_at = null");
    done(&db, &["process-conversations", "--force"], 69);
    assert_eq!(standing(&db, odd), ("active".into(), 1.0));
    assert_eq!(db.number("select max(provider_outages) from conversations"), 1.0);
    promises::kept(&db);
}

/// A conversation without new facts is committed without the question, and tells nothing about it.
#[test]
fn a_missing_permission_ends_the_run_with_78_and_costs_nobody_an_attempt() {
    let db = Db::postgres();
    read_vectors_by(&db, "raise exception 'permission denied' using errcode = '42501';");
    let all = [-3 * HOUR, -HOUR].map(|last_message| player_with_facts(&db, "row('{1}')", last_message));
    let silent = conversation(&db, Player::default().insert(&db), -2 * HOUR, &json!([]));
    let result = done(&db, &["process-conversations", "--force", "--concurrency", "1"], 78).json();
    assert_eq!(result["error"]["kind"], "configuration", "{result}");
    assert_eq!(standing(&db, silent).0, "processed", "{result}");
    for one in all {
        assert_eq!(standing(&db, one), ("active".into(), 0.0), "{result}");
    }
    promises::kept(&db);
}

/// Claims that were not begun are given back at once. One whose row can't be written does not keep the others.
#[test]
fn a_claim_that_can_not_be_given_back_keeps_no_other() {
    let db = Db::postgres();
    let words = transcript(&["I love climbing.", "Tell me more!"]);
    let all: Vec<_> = (0..3).map(|_| conversation(&db, Player::default().insert(&db), -HOUR, &words)).collect();
    refuse(&db, &format!("new.status = 'active' and old.id = '{}'", all[1]));
    db.execute(
        "create function away(id uuid) returns text language plpgsql volatile as $$ begin \
           raise exception 'no memory' using errcode = '53200'; end $$; \
         create view user_backstories as select id as user_id, away(id) as venue_name from users",
    );
    done(&db, &["process-conversations", "--force"], 69);
    for (n, one) in all.iter().enumerate() {
        let expected = if n == 1 { ("processing".into(), 1.0) } else { ("active".into(), 0.0) };
        assert_eq!(standing(&db, *one), expected);
    }
}

/// Where claims are made one by one, a row that somebody else writes at that moment is passed over.
#[test]
fn a_locked_conversation_is_passed_over_among_those_claimed_one_by_one() {
    let db = Db::postgres();
    let words = transcript(&["I love climbing.", "Tell me more!"]);
    let all: Vec<_> =
        (0..3).map(|n| conversation(&db, Player::default().insert(&db), (n - 6) * HOUR, &words)).collect();
    refuse_to_claim(&db, all[0]);
    let _held = db.hold(&format!("update conversations set platform = 'text' where id = '{}'", all[1]));
    let result = done(&db, &["process-conversations", "--force"], 3).json();
    assert_eq!((&result["processed"], &result["failed"]), (&json!(1), &json!(1)), "{result}");
    assert_eq!((standing(&db, all[1]), standing(&db, all[2]).0), (("active".into(), 0.0), "processed".into()));
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
