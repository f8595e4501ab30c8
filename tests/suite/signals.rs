//! Signals and leases under trouble (spec 02): a second signal, a long drain, a lease that can't be renewed.

use std::fs;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::on_every_database;
use crate::support::bin::{Bin, Running, eventually};
use crate::support::db::Db;
use crate::support::promises;
use crate::support::seed::{backlog, read_time};

/// A run whose first conversation never ends, with a short lease.
fn hanging(db: &Db, args: &[&str]) -> Bin {
    let own = ["process-conversations", "--timeout", "5m", "--concurrency", "1"];
    let all: Vec<_> = own.into_iter().chain(args.iter().copied()).collect();
    db.command(&all).env("NIKITA_REHEARSE", "extraction=hang*1")
}

fn is(db: &Db, conversation: Uuid, status: &str) -> bool {
    db.value(&format!("select status from conversations where id = '{conversation}'")) == status
}

fn said(folder: &TempDir, what: &str) -> bool {
    fs::read_to_string(folder.path().join("err")).is_ok_and(|log| log.contains(what))
}

/// Recovers until the dead run's conversation is due again, and has it processed.
fn recover_and_process(db: &Db, conversation: Uuid) {
    eventually("it is recovered", || {
        db.run(&["recover", "--requeue", "--force"]).code(0);
        is(db, conversation, "active")
    });
    assert_eq!(db.run(&["process-conversations", "--force"]).code(0).json()["processed"], 1);
    promises::kept(db);
}

fn ends_at_once_at_the_second(db: &Db, signal: &str, code: i32) {
    let conversation = backlog(db, 1)[0];
    let folder = TempDir::new().unwrap();
    // Far longer than anybody waits here.
    let mut run = hanging(db, &["--lease", "2s", "--grace", "5m"]).start_into(folder.path());
    eventually("it is claimed", || is(db, conversation, "processing"));
    run.signal(signal);
    eventually("the first signal has arrived", || said(&folder, "asked to stop"));
    assert!(run.is_running());
    run.signal(signal);
    let mut status = None;
    eventually("the second signal ends it", || {
        status = run.ended();
        status.is_some()
    });
    assert_eq!(status.and_then(|it| it.code()), Some(code));
    assert!(said(&folder, "second signal"));
    // It has left everything as it was, and what it left is not lost.
    assert!(is(db, conversation, "processing"));
    recover_and_process(db, conversation);
    let closed = db.rows(
        "select status, result -> 'error' ->> 'kind' from job_executions \
        where job_name = 'process-conversations' order by started_at",
    );
    assert_eq!(closed, [["failed", "lease_expired"], ["completed", "null"]]);
}

/// Whether the run has claimed and its lease has been renewed at least once.
fn renewed(db: &Db) -> bool {
    db.value("select count(*) from job_leases where heartbeat_at > acquired_at") == "1"
}

/// The log's time of the line with these words.
fn when(folder: &TempDir, what: &str) -> DateTime<Utc> {
    let log = fs::read_to_string(folder.path().join("err")).unwrap();
    let line = log.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what:?} is not in {log}"));
    let line: Value = serde_json::from_str(line).unwrap();
    read_time(line["timestamp"].as_str().unwrap())
}

fn wait_for_end(run: &mut Running) -> i32 {
    let mut status = None;
    eventually("it ends", || {
        status = run.ended();
        status.is_some()
    });
    status.unwrap().code().unwrap()
}

on_every_database! {
    fn a_second_sigterm_ends_it_at_once_and_recover_takes_what_it_left(db) {
        ends_at_once_at_the_second(db, "TERM", 143);
    }

    fn a_second_sigint_ends_it_at_once_and_recover_takes_what_it_left(db) {
        ends_at_once_at_the_second(db, "INT", 130);
    }

    fn heartbeats_go_on_until_the_last_claim_is_released(db) {
        let conversation = backlog(db, 1)[0];
        // The drain is twice as long as the lease.
        let mut run = hanging(db, &["--lease", "2s", "--grace", "4s"]).start();
        eventually("it is claimed", || is(db, conversation, "processing"));
        run.signal("TERM");
        while run.is_running() {
            let recovered = db.run(&["recover", "--requeue", "--force"]).code(0).json();
            assert_eq!(recovered["recovered"], 0, "its lease ended before it did: {recovered}");
        }
        let result = run.done().code(143).json();
        assert_eq!((&result["status"], &result["released"]), (&json!("interrupted"), &json!(1)));
        assert!(result["duration_ms"].as_i64().unwrap() >= 4_000);
        assert_eq!(db.rows("select status, processing_attempts from conversations"), [["active", "0"]]);
        promises::kept(db);
    }

    fn a_lease_that_can_not_be_renewed_ends_the_run_before_the_lease_can_end(db) {
        let conversation = backlog(db, 1)[0];
        let folder = TempDir::new().unwrap();
        let mut run = hanging(db, &["--lease", "6s"]).start_into(folder.path());
        eventually("it has renewed its lease", || is(db, conversation, "processing") && renewed(db));
        // The table is locked, as by a database that has stopped answering: every renewal waits.
        let held = db.hold("update job_leases set host = host");
        let code = wait_for_end(&mut run);
        // The end of the lease that it had last renewed: nobody could write it since.
        held.commit();
        let ends = read_time(&db.value("select expires_at from job_leases"));
        let stopped = when(&folder, "lease lost, stopping all writes");
        assert_eq!(code, 69);
        assert!(stopped < ends, "stopped at {stopped}, {} after the lease ended at {ends}", stopped - ends);
        let result: Value = serde_json::from_str(&fs::read_to_string(folder.path().join("out")).unwrap()).unwrap();
        assert_eq!(result["error"]["kind"], "lease_lost");
        assert!(is(db, conversation, "processing"));
        recover_and_process(db, conversation);
    }
}
