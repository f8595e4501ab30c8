//! Bugs of the field (spec 02) that no other test reproduces. The table in docs/reliability.md names the test of each.

use serde_json::json;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, backlog, conversation, transcript};

const HOUR: i64 = 3600;

fn status(db: &Db, id: Uuid) -> String {
    db.value(&format!("select status from conversations where id = '{id}'"))
}

/// As many players as asked for, inserted at once; all else is default, or what `columns` and `values` say.
fn many_players(db: &Db, count: usize, columns: &str, values: &str) {
    let id = if db.is_postgres() {
        "gen_random_uuid()"
    } else {
        "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4aaa-baaa-' || hex(randomblob(6)))"
    };
    db.execute(&format!(
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < {count}) \
         insert into users (id, {columns}) select {id}, {values} from n"
    ));
}

/// Makes the database refuse to write these conversations; drop it with [`allow`].
fn refuse(db: &Db, which: &str) {
    db.execute(&if db.is_postgres() {
        format!(
            "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$; \
             create trigger refuse before update on conversations for each row when ({which}) execute function refuse()"
        )
    } else {
        format!(
            "create trigger refuse before update on conversations when {which} \
             begin select raise(abort, 'not this one'); end"
        )
    });
}

fn allow(db: &Db) {
    db.execute(if db.is_postgres() { "drop trigger refuse on conversations" } else { "drop trigger refuse" });
}

on_every_database! {
    /// A conversation that kills every worker is tried three times, and then given up with the reason.
    fn a_poison_conversation_does_not_kill_for_ever(db) {
        let poison = backlog(db, 1)[0];
        for attempt in 1..=3 {
            let run = db.command(&["process-conversations", "--allow-overlap", "--timeout", "5m"]).env("NIKITA_REHEARSE", "extraction=hang").start();
            eventually("it is claimed", || status(db, poison) == "processing");
            run.signal("KILL");
            assert!(run.done().was_killed());
            // By the time the lease has run out.
            let later = (chrono::Utc::now() + chrono::TimeDelta::minutes(5)).to_rfc3339();
            let result = db.run(&["recover", "--requeue", "--force", "--now", &later]).code(0).json();
            assert_eq!(result["recoveries"][0]["to"], if attempt < 3 { "active" } else { "failed" }, "{result}");
        }
        let row = db.rows("select status, processing_attempts, last_error like 'Owner is not running (host %' from conversations");
        assert_eq!(row, [["failed", "3", if db.is_postgres() { "t" } else { "1" }]]);
        // It stands in nobody's way.
        let fine = backlog(db, 1)[0];
        assert_eq!(db.run(&["process-conversations", "--force"]).code(0).json()["detected"], 1);
        assert_eq!((status(db, poison), status(db, fine)), ("failed".into(), "processed".into()));
        promises::kept(db);
    }

    /// More rows that can't be recovered than a page holds, all before the one that can; and none of them is stranded.
    fn a_page_of_rows_that_can_not_be_recovered_starves_nobody(db) {
        many_players(db, 130, "telegram_id", "i");
        db.execute(&format!(
            "insert into conversations (user_id, status, processing_attempts, messages, last_message_at, updated_at) \
             select id, 'processing', 1, '[]', {}, {} from users",
            at(-9000), at(-9000)
        ));
        db.execute(&format!("update conversations set updated_at = {} where user_id in (select id from users where telegram_id = 130)", at(-2000)));
        refuse(db, &format!("old.updated_at < {}", at(-3000)));
        let recover = |code: i32| db.run(&["recover", "--requeue", "--force", "--batch", "200", "--now", NOW]).code(code).json();
        let result = recover(3);
        assert_eq!((&result["recovered"], result["errors"].as_array().map(Vec::len)), (&json!(1), Some(129)));
        assert_eq!(db.number("select count(*) from conversations where status = 'processing'"), 129.0);
        allow(db);
        assert_eq!(recover(0)["recovered"], 129);
        assert_eq!(db.number("select count(*) from conversations where status = 'active'"), 130.0);
    }

    /// A process on the same host with the same number as the dead owner is not the owner.
    fn a_reused_process_id_keeps_no_dead_claim_alive(db) {
        let theirs = backlog(db, 1)[0];
        let run = db.command(&["process-conversations", "--timeout", "5m"]).env("NIKITA_REHEARSE", "extraction=hang").start();
        eventually("it is claimed", || status(db, theirs) == "processing");
        // Before the restart another run had the same host and process id.
        let dead = Uuid::new_v4();
        db.execute(&format!(
            "insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid) \
             select '{dead}', job_name, {}, {}, 'running', host, pid from job_executions",
            at(-9000), at(-9000)
        ));
        let user = Player::default().insert(db);
        let left = conversation(db, user, -HOUR, &transcript(&["I work as a nurse."]));
        db.execute(&format!(
            "update conversations set status = 'processing', processing_attempts = 1, claimed_by = '{dead}', claim_token = '{dead}' where id = '{left}'"
        ));
        let result = db.run(&["recover", "--requeue"]).code(0).json();
        assert_eq!((&result["recovered"], &result["recoveries"][0]["conversation_id"]), (&json!(1), &json!(left)));
        assert_eq!(result["recoveries"][0]["pid"], run.pid());
        assert_eq!(status(db, theirs), "processing");
    }

    /// More players in one chunk than a statement may have parameters, 32,766 in SQLite and 65,535 in PostgreSQL.
    fn seventy_thousand_players_in_one_chunk(db) {
        many_players(db, 70_000, "onboarding_status, last_interaction_at", &format!("'completed', {}", at(-9 * HOUR)));
        let result = db.run(&["decay", "--now", NOW, "--chunk", "1000000"]).code(0).json();
        assert_eq!((&result["decayed"], &result["points"]), (&json!(70_000), &json!("56000.00")));
        assert_eq!(db.number("select count(distinct user_id) from score_history"), 70_000.0);
    }
}

/// In tables of another application a row may hold no time at all: a null must not hide it from `<`.
#[test]
fn a_conversation_without_any_time_is_recovered() {
    let db = Db::postgres();
    let id = backlog(&db, 1)[0];
    db.execute(
        "alter table conversations alter column updated_at drop not null, alter column started_at drop not null",
    );
    db.execute("update conversations set status = 'processing', updated_at = null, started_at = null, processing_started_at = null");
    assert_eq!(db.run(&["recover", "--requeue", "--force"]).code(0).json()["recovered"], 1);
    assert_eq!(status(&db, id), "active");
}

/// How many connections of ours wait for a lock.
fn waiting(db: &Db, whose: &str) -> f64 {
    db.number(&format!(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name {whose} \
         and wait_event_type = 'Lock'"
    ))
}

/// Two runs claim two conversations of one player at the same moment: neither sees the other's claim. The unique index is
/// what tells the second one.
#[test]
fn two_claims_of_one_player_at_the_same_moment_are_one() {
    let db = Db::postgres();
    let user = Player { last_interaction: at(-HOUR), ..Player::default() }.insert(&db);
    let newer = conversation(&db, user, -2 * HOUR, &transcript(&["I work as a nurse."]));
    // Another host has claimed the player's only conversation; its transaction has not ended yet.
    db.execute(&format!(
        "insert into job_executions (id, job_name, started_at, completed_at, heartbeat_at, status) \
         values ('{newer}', 'process-conversations', now(), now(), now(), 'failed')"
    ));
    let claiming = db.hold(&format!(
        "update conversations set status = 'processing', processing_attempts = 1, claimed_by = '{newer}', \
             claim_token = '{newer}' where id = '{newer}'"
    ));
    // Meanwhile an older one becomes due, and is the first of its player for all that can be seen.
    let older = conversation(&db, user, -3 * HOUR, &transcript(&["I love climbing."]));
    let mut run = db.command(&["process-conversations", "--force", "--now", NOW]).start();
    eventually("the second claim waits for the first", || !run.is_running() || waiting(&db, "= 'nikita-jobs'") == 1.0);
    claiming.commit();
    let result = run.done().code(0).json();
    assert_eq!(result["processed"], 0, "{result}");
    assert_eq!((status(&db, newer), status(&db, older)), ("processing".into(), "active".into()));
    assert_eq!(db.value(&format!("select processing_attempts from conversations where id = '{older}'")), "0");
    promises::kept(&db);
}

/// The application raises scores between decay's look at a chunk and its update: neither is lost.
#[test]
fn a_score_written_between_decays_look_and_its_update_is_not_lost() {
    let db = Db::postgres();
    let ids: Vec<_> =
        (0..3).map(|_| Player { last_interaction: at(-9 * HOUR), ..Player::default() }.insert(&db)).collect();
    // Decay's update stops at its first row, until the test lets it go on.
    db.execute(
        "create function pause() returns trigger language plpgsql as $$ begin \
             perform pg_advisory_xact_lock_shared(7); return new; end $$; \
         create trigger pause before update on users for each row \
             when (new.decayed_through is distinct from old.decayed_through) execute function pause()",
    );
    let gate = db.hold("select pg_advisory_xact_lock(7)");
    let run = db.command(&["decay", "--force", "--now", NOW]).start();
    eventually("decay has looked, and is about to write", || waiting(&db, "= 'nikita-jobs'") == 1.0);
    std::thread::scope(|scope| {
        for id in &ids {
            let db = &db;
            scope.spawn(move || {
                db.execute_elsewhere(&format!(
                    "update users set relationship_score = relationship_score + 10 where id = '{id}'"
                ));
            });
        }
        // Each has either written, or waits for decay.
        eventually("the application has written what it can", || {
            waiting(&db, "<> 'nikita-jobs'") + db.number("select count(*) from users where relationship_score = 70")
                == 3.0
        });
        gate.commit();
    });
    assert_eq!(run.done().code(0).json()["decayed"], 3);
    assert_eq!(db.number("select count(*) from users where relationship_score = 69.2"), 3.0, "60 + 10 - 0.80 each");
}
