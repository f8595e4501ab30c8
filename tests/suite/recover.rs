//! recover, from outside: what is stuck is taken out of processing, and nothing else.

use serde_json::json;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::eventually;
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{NOW, Player, at, backlog, conversation, transcript};

fn recover(db: &Db, args: &[&str]) -> crate::support::bin::Bin {
    let all: Vec<_> = ["recover", "--force", "--now", NOW].into_iter().chain(args.iter().copied()).collect();
    db.command(&all)
}

fn rows(db: &Db, id: Uuid) -> Vec<String> {
    let columns = "status, processing_attempts, claim_token, claimed_by";
    db.rows(&format!("select {columns} from conversations where id = '{id}'")).remove(0)
}

/// A conversation in processing: claimed by a run of ours (with or without a live lease), or by another program.
fn held(db: &Db, updated: i64, attempts: i32, lease: Option<i64>) -> Uuid {
    let user = Player { last_interaction: at(-9000), ..Player::default() }.insert(db);
    let id = conversation(db, user, -9000, &transcript(&["I work as a nurse."]));
    let mut claim = ("null".to_owned(), "null".to_owned());
    if let Some(lease) = lease {
        let (execution, token) = (Uuid::new_v4(), Uuid::new_v4());
        let (at, expires) = (at(-9000), at(lease));
        db.execute(&format!(
            "insert into job_executions (id, job_name, started_at, heartbeat_at, status, host, pid) \
             values ('{execution}', 'process-conversations', {at}, {at}, 'running', 'elsewhere', 4242)"
        ));
        db.execute(&format!(
            "insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) \
             values ('job:process-conversations:{execution}', '{execution}', '{token}', 'elsewhere', 4242, {at}, {at}, {expires})"
        ));
        claim = (format!("'{execution}'"), format!("'{}'", Uuid::new_v4()));
    }
    db.execute(&format!(
        "update conversations set status = 'processing', processing_attempts = {attempts}, claimed_by = {}, claim_token = {}, \
             processing_started_at = {when}, claimed_at = {when}, updated_at = {when} where id = '{id}'",
        claim.0,
        claim.1,
        when = at(updated)
    ));
    id
}

on_every_database! {
    fn what_has_not_moved_for_half_an_hour_is_failed_and_what_has_is_left(db) {
        let stuck = held(db, -1800, 1, Some(60));
        let moving = held(db, -1799, 1, Some(60));
        let theirs = held(db, -2820, 2, None);
        let result = recover(db, &[]).done().code(0).json();
        assert_eq!(result["recovered"], 2);
        let first = &result["recoveries"][0];
        assert_eq!((&first["conversation_id"], &first["reason"]), (&json!(theirs), &json!("No activity for 47 minutes")));
        assert_eq!((&first["from"], &first["to"], &first["attempts"]), (&json!("processing"), &json!("failed"), &json!(2)));
        assert_eq!(rows(db, stuck), ["failed", "1", "null", "null"]);
        assert_eq!(rows(db, theirs), ["failed", "2", "null", "null"]);
        assert_eq!(rows(db, moving)[0], "processing");
    }

    fn a_dead_owner_is_enough_and_is_named(db) {
        let stuck = held(db, -5, 1, Some(0));
        let alive = held(db, -5, 1, Some(1));
        let result = recover(db, &["--requeue"]).done().code(0).json();
        let recovery = &result["recoveries"][0];
        assert_eq!(result["recovered"], 1);
        assert_eq!(recovery["reason"], "Owner is not running (host elsewhere, pid 4242)");
        assert_eq!((&recovery["rule"], &recovery["host"], &recovery["pid"], &recovery["to"]), (&json!("owner_dead"), &json!("elsewhere"), &json!(4242), &json!("active")));
        assert_eq!(rows(db, stuck), ["active", "1", "null", "null"]);
        assert_eq!(rows(db, alive)[0], "processing");
    }

    fn requeue_stops_where_no_attempts_are_left(db) {
        let worn_out = held(db, -3600, 3, Some(0));
        let result = recover(db, &["--requeue"]).done().code(0).json();
        assert_eq!(result["recoveries"][0]["to"], "failed");
        assert_eq!(rows(db, worn_out)[0], "failed");
    }

    fn the_cap_takes_the_longest_idle_first_and_a_dry_run_nothing(db) {
        let ids: Vec<_> = (0..5).map(|i| held(db, -9000 + i * 60, 1, None)).collect();
        let preview = recover(db, &["--batch", "2", "--dry-run"]).done().code(0).json();
        assert_eq!((&preview["recovered"], &preview["deferred"]), (&json!(2), &json!(3)));
        assert!(ids.iter().all(|id| rows(db, *id)[0] == "processing"));
        let result = recover(db, &["--batch", "2"]).done().code(0).json();
        assert_eq!(result["recoveries"], preview["recoveries"]);
        assert!(ids[..2].iter().all(|id| rows(db, *id)[0] == "failed"));
        assert!(ids[2..].iter().all(|id| rows(db, *id)[0] == "processing"));
    }

    fn by_hand_the_operator_decides_and_a_wrong_id_is_a_clear_error(db) {
        let alive = held(db, -1, 1, Some(60));
        let text = alive.to_string();
        let result = recover(db, &["conversation", &text, "--requeue"]).done().code(0).json();
        assert_eq!(result["recoveries"][0]["reason"], "By hand; No activity for 0 minutes");
        assert_eq!(rows(db, alive)[0], "active");
        let again = recover(db, &["conversation", &text]).done().code(1).json();
        assert!(again["error"]["message"].as_str().unwrap().contains("it is active; only a conversation in processing can be recovered"), "{again}");
        let nobody = Uuid::new_v4().to_string();
        let unknown = recover(db, &["conversation", &nobody]).done().code(1).json();
        assert!(unknown["error"]["message"].as_str().unwrap().ends_with("there is no such conversation"), "{unknown}");
        let mixed = held(db, -1, 1, Some(60)).to_string();
        recover(db, &["conversation", &nobody, &mixed]).done().code(3);
        recover(db, &["conversation", "not-an-id"]).done().code(2);
        recover(db, &["conversation"]).done().code(2);
    }

    /// The application has ended a conversation of ours and lets nobody remove the token.
    fn a_token_that_can_not_be_removed_keeps_nothing_stuck(db) {
        let (void, stuck) = (held(db, -9000, 1, None), held(db, -9000, 1, None));
        let token = Uuid::new_v4();
        db.execute(&format!("update conversations set status = 'processed', claim_token = '{token}' where id = '{void}'"));
        db.execute(&if db.is_postgres() {
            format!(
                "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$; \
                 create trigger refuse before update on conversations for each row when (old.id = '{void}') execute function refuse()"
            )
        } else {
            format!("create trigger refuse before update on conversations when old.id = '{void}' begin select raise(abort, 'not this one'); end")
        });
        let result = recover(db, &[]).done().code(0).json();
        assert_eq!((&result["recovered"], &result["recoveries"][0]["conversation_id"]), (&json!(1), &json!(stuck)), "{result}");
        assert!(result["warnings"].to_string().contains("tokens of claims"), "{result}");
        assert_eq!(rows(db, stuck)[0], "failed");
    }

    fn a_killed_runs_conversation_is_taken_back_and_processed_by_the_next(db) {
        let ids = backlog(db, 2);
        let run = db.command(&["process-conversations", "--lease", "2s", "--concurrency", "2"]).env("NIKITA_REHEARSE", "extraction=hang").start();
        eventually("both are claimed", || ids.iter().all(|id| rows(db, *id)[0] == "processing"));
        run.signal("KILL");
        assert!(run.done().was_killed());
        eventually("the dead run's claims are recovered", || {
            db.run(&["recover", "--requeue", "--force"]);
            ids.iter().all(|id| rows(db, *id)[0] == "active")
        });
        let result = db.run(&["process-conversations"]).code(0).json();
        assert_eq!(result["processed"], 2);
        assert!(ids.iter().all(|id| rows(db, *id)[..2] == ["processed", "2"]));
        assert_eq!(db.value("select count(*) from job_executions where job_name = 'process-conversations' and status = 'failed'"), "1");
        promises::kept(db);
    }

    fn a_frozen_worker_that_wakes_after_its_claim_was_given_away_writes_nothing(db) {
        let ids = backlog(db, 1);
        let run = db.command(&["process-conversations", "--lease", "2s"]).env("NIKITA_REHEARSE", "latency=1s").start();
        eventually("it is claimed", || rows(db, ids[0])[0] == "processing");
        run.signal("STOP");
        eventually("its claim is recovered", || {
            // Frozen in the middle of a write, it keeps all of SQLite's file: it ends that write, and is frozen again.
            if db.run(&["recover", "--requeue", "--force"]).exit() == Some(69) {
                run.signal("CONT");
                db.run(&["status"]);
                run.signal("STOP");
            }
            rows(db, ids[0])[0] == "active"
        });
        // It may have been stopped with rows locked: until the server ends its transaction, the next run is told to try again.
        eventually("another run processes it", || {
            let next = db.run(&["process-conversations", "--allow-overlap", "--force"]);
            assert!(matches!(next.exit(), Some(0 | 69)), "{}", next.all());
            rows(db, ids[0])[0] == "processed"
        });
        let facts = db.number("select count(*) from memory_facts");
        run.signal("CONT");
        let woken = run.done().json();
        // A lease that could not be renewed is the server's trouble, for all that the run can tell; one that another has is not.
        let ends = [("lease_lost", 69), ("lease_lost", 1), ("claim_lost", 1)].map(|(kind, code)| (json!(kind), json!(code)));
        assert!(ends.contains(&(woken["error"]["kind"].clone(), woken["exit_code"].clone())), "{woken}");
        assert_eq!(db.number("select count(*) from memory_facts"), facts);
        assert_eq!(db.number("select count(*) from ready_prompts"), 2.0);
        promises::kept(db);
    }
}

/// Whoever is writing the row is not waited for, be he frozen or not: it is passed over, and what was finished meanwhile is left
/// alone. By hand that is an error.
#[test]
fn a_locked_row_is_passed_over_and_counted_and_by_hand_it_is_69() {
    let db = Db::postgres();
    let id = held(&db, -9000, 1, Some(0));
    let other = held(&db, -8000, 1, Some(0));
    let finishing = db.hold(&format!(
        "update conversations set status = 'processed', claim_token = null, claimed_by = null where id = '{id}'"
    ));
    let result = recover(&db, &[]).done().code(0).json();
    assert_eq!((&result["recovered"], &result["locked"]), (&json!(1), &json!(1)), "{result}");
    assert_eq!(rows(&db, other)[0], "failed");
    let result = recover(&db, &["conversation", &id.to_string()]).done().code(69).json();
    assert!(result["error"]["message"].as_str().unwrap().contains("locked by another transaction"), "{result}");
    finishing.commit();
    assert_eq!(recover(&db, &[]).done().code(0).json()["recovered"], 0);
    assert_eq!(rows(&db, id), ["processed", "1", "null", "null"]);
}

/// A row that can't be written is reported, and does not stop the others.
#[test]
fn an_error_on_one_row_is_reported_and_exits_3() {
    let db = Db::postgres();
    let (first, second) = (held(&db, -9000, 1, None), held(&db, -8000, 1, None));
    db.execute(&format!(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$; \
         create trigger refuse before update on conversations for each row when (old.id = '{first}') execute function refuse()"
    ));
    let result = recover(&db, &[]).done().code(3).json();
    assert_eq!((&result["recovered"], &result["recoveries"][0]["conversation_id"]), (&json!(1), &json!(second)));
    assert!(result["errors"][0]["error"].as_str().unwrap().contains("not this one"), "{result}");
}
