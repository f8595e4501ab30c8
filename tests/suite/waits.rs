//! Every wait ends (spec 02): a server that falls silent at any message of any command, answers that are lost, locks, signals.
//!
//! CI takes a spread of the messages; `NIKITA_EVERY_POINT=1` takes all.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::on_every_database;
use crate::support::bin::{Bin, Done, Running, eventually, program, within};
use crate::support::breaker::{Breaker, Harm};
use crate::support::db::Db;
use crate::support::long_form::every;
use crate::support::promises;
use crate::support::seed::{Player, at, backlog, conversation, transcript};

/// Each with a short D: a sixth of a lease of six seconds.
pub const COMMANDS: [&[&str]; 10] = [
    &["decay", "--force", "--lease", "6s"],
    &["process-conversations", "--force", "--lease", "6s", "--grace", "1s"],
    &["recover", "--requeue", "--force", "--lease", "6s"],
    &["scan-stuck", "--force", "--lease", "6s"],
    &["process-conversations", "--dry-run"],
    &["health"],
    &["status"],
    &["stats"],
    &["doctor"],
    &["migrate"],
];

/// How long a command may take that meets a silent server at one message: what it waits for, a new connection, the same again.
const BOUND: Duration = Duration::from_secs(30);

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "how long the binary makes a person wait")]
    Instant::now()
}

fn bin(db: &Db, args: &[&str], url: &str) -> Bin {
    db.command(args).env("DATABASE_URL", url).env("MIGRATION_DATABASE_URL", url)
}

/// The same for a command that waits in vain.
fn impatient(db: &Db, args: &[&str], url: &str) -> Bin {
    let bin = bin(db, args, url);
    if args.contains(&"--lease") { bin } else { bin.env("NIKITA_DB_TIMEOUT", "1s") }
}

fn world() -> Db {
    let db = Db::postgres();
    backlog(&db, 2);
    Player { last_interaction: at(-36_000), ..Player::default() }.insert(&db);
    db
}

/// How many messages a command sends, at most so many of which are tried.
fn spread(args: &[&str], most: usize) -> Vec<usize> {
    let db = world();
    let counter = Breaker::before(&db, Harm::Swallow, usize::MAX);
    bin(&db, args, &counter.url).done();
    let all = counter.seen();
    let step = every().unwrap_or(all / most).max(1);
    (0..all).skip(step / 2).step_by(step).collect()
}

fn ended_well(done: &Done, codes: &[i32], what: &str) {
    assert!(done.exit().is_some_and(|code| codes.contains(&code)), "{what}: {:?} {}", done.exit(), done.all());
    assert!(done.json()["job"].is_string(), "{what}");
}

fn silence(args: &[&str]) {
    let points = spread(args, 4);
    thread::scope(|scope| {
        for point in points {
            scope.spawn(move || {
                let db = world();
                let breaker = Breaker::before(&db, Harm::Swallow, point);
                let (began, what) = (now(), format!("{args:?} silent from message {point} on"));
                let done = impatient(&db, args, &breaker.url).done();
                assert!(began.elapsed() < BOUND, "{what}: {:?}", began.elapsed());
                // A finding, for doctor; and the very last message may be a farewell.
                let codes: &[i32] = if args[0] == "doctor" { &[69] } else { &[69, 0] };
                ended_well(&done, codes, &what);
            });
        }
    });
}

fn silence_and_a_signal(args: &[&str]) {
    let points = spread(args, 2);
    let silent = AtomicUsize::new(0);
    thread::scope(|scope| {
        for point in points {
            let silent = &silent;
            scope.spawn(move || {
                let db = world();
                let breaker = Breaker::before(&db, Harm::Swallow, point);
                let what = format!("{args:?} silent from message {point} on, then SIGTERM");
                let mut run = impatient(&db, args, &breaker.url).start();
                // It can send fewer messages than the one that was counted, which had more heartbeats.
                eventually("the message has come, or it has ended", || breaker.has_broken() || !run.is_running());
                if !breaker.has_broken() {
                    return;
                }
                silent.fetch_add(1, Ordering::SeqCst);
                run.signal("TERM");
                let asked = now();
                let done = run.done();
                // The grace of a job without a setting for it is 20 s; its answers are waited for less long.
                assert!(asked.elapsed() < Duration::from_secs(9), "{what}: {:?}", asked.elapsed());
                ended_well(&done, &[69, 143], &what);
            });
        }
    });
    assert!(silent.into_inner() > 0, "{args:?} never came to its message");
}

macro_rules! commands {
    ($($name:ident: $which:literal;)*) => {
        const _: () = assert!([$($which),*].len() == COMMANDS.len(), "each has its tests");
        $(
        mod $name {
            use super::*;

            #[test]
            fn a_server_that_falls_silent_ends_in_69() {
                silence(COMMANDS[$which]);
            }

            #[test]
            fn a_signal_is_heard_in_the_wait_for_it() {
                silence_and_a_signal(COMMANDS[$which]);
            }
        }
        )*
    };
}
commands! {
    decay: 0;
    process_conversations: 1;
    recover: 2;
    scan_stuck: 3;
    dry_run: 4;
    health: 5;
    status: 6;
    stats: 7;
    doctor: 8;
    migrate: 9;
}

/// An answer that is lost is asked for again: what was done is told, what was not costs nothing, and nothing is done twice.
fn lost_answers(args: &[&str]) {
    let points = spread(args, 8);
    thread::scope(|scope| {
        for point in points {
            scope.spawn(move || {
                let db = world();
                let what = format!("{args:?} without the answer to message {point}");
                let done = bin(&db, args, &Breaker::before(&db, Harm::Cut, point).url).done();
                ended_well(&done, &[0, 69], &what);
                let broken = promises::broken(&db);
                assert!(broken.is_empty(), "{what}: {broken:?}");
                if args[0] == "process-conversations" {
                    assert_eq!(
                        db.value("select count(*) from conversations where status = 'processing'"),
                        "0",
                        "{what}: {}",
                        done.all()
                    );
                    db.execute("update conversations set next_attempt_at = null; delete from job_leases");
                    db.run(&["process-conversations", "--force"]).code(0);
                    let left =
                        "select count(*) from conversations where status <> 'processed' or processing_attempts <> 1";
                    assert_eq!(db.value(left), "0", "{what}: {}", done.all());
                }
            });
        }
    });
}

#[test]
fn a_lost_answer_costs_a_conversation_no_attempt() {
    lost_answers(&["process-conversations", "--force", "--concurrency", "1"]);
}

#[test]
fn a_lost_answer_charges_nobody_twice() {
    lost_answers(&["decay", "--force"]);
}

/// Begin and finish are asked again, so that a run which did all it had to is a success.
#[test]
fn a_run_whose_begin_or_end_went_unheard_is_a_success() {
    let db = Db::postgres();
    let count = || {
        let counter = Breaker::before(&db, Harm::Swallow, usize::MAX);
        bin(&db, &["recover", "--force"], &counter.url).done().code(0);
        counter.seen()
    };
    let all = count();
    for behind in [1, 2] {
        let breaker = Breaker::before(&db, Harm::Cut, all - behind);
        let done = bin(&db, &["recover", "--force"], &breaker.url).done().code(0).json();
        assert!(breaker.has_broken());
        let id = done["execution_id"].as_str().unwrap();
        let stands = db.rows(&format!("select status from job_executions where id = '{id}'"));
        assert_eq!(stands, [["completed"]]);
    }
    assert_eq!(db.value("select count(*) from job_leases"), "0");
}

#[test]
fn a_row_that_the_application_holds_costs_no_attempt() {
    let db = Db::postgres();
    let players = backlog(&db, 3);
    db.execute("alter table users add column if not exists noted text");
    let held = db.hold(&format!("update conversations set conversation_summary = 'x' where id = '{}'", players[1]));
    let user = db.value(&format!("select user_id from conversations where id = '{}'", players[0]));
    let also = db.hold(&format!("update users set noted = 'x' where id = '{user}'"));
    let done = db.run(&["process-conversations", "--lease", "6s"]).code(69);
    assert!(done.error().contains("another session locks"), "{}", done.error());
    let rows = db.rows(
        "select status, processing_attempts from conversations where status <> 'processed' order by last_message_at",
    );
    assert!(rows.iter().all(|row| row == &["active", "0"]) && !rows.is_empty(), "{rows:?}");
    held.commit();
    also.commit();
    db.execute("update conversations set next_attempt_at = null");
    db.run(&["process-conversations", "--force"]).code(0);
    assert_eq!(
        db.value("select count(*) from conversations where status <> 'processed' or processing_attempts <> 1"),
        "0"
    );
    promises::kept(&db);
}

#[test]
fn a_serializable_database_costs_nothing() {
    let db = Db::postgres();
    let name = db.value("select current_database()");
    db.execute(&format!("alter database {name} set default_transaction_isolation = 'serializable'"));
    db.execute(&format!("alter database {name} set lock_timeout = '20ms'"));
    backlog(&db, 24);
    db.execute(&format!("update users set last_interaction_at = {}", at(-36_000)));
    let drain = ["process-conversations", "--allow-overlap", "--force", "--batch", "20", "--concurrency", "3"];
    let drains: Vec<_> = (0..4).map(|_| db.command(&drain).start()).collect();
    let decays: Vec<_> = (0..2).map(|_| db.command(&["decay", "--chunk", "5"]).start()).collect();
    for run in drains {
        run.done().code(0);
    }
    for run in decays {
        let done = run.done();
        assert!(matches!(done.exit(), Some(0 | 75)), "{}", done.all());
    }
    db.run(&["process-conversations", "--force", "--batch", "50"]).code(0);
    assert_eq!(
        db.value("select count(*) from conversations where status <> 'processed' or processing_attempts <> 1"),
        "0"
    );
    promises::kept(&db);
}

#[test]
fn fewer_connections_than_workers_are_only_slower() {
    let db = Db::postgres();
    backlog(&db, 10);
    let name = db.value("select current_database()");
    db.execute(&format!(
        "create role r_{name} login password 'r' connection limit 3; grant all on all tables in schema public to r_{name}; \
         grant all on all sequences in schema public to r_{name}"
    ));
    let place = db.direct_url().split_once('@').unwrap().1.to_owned();
    let done =
        db.command(&["process-conversations"]).env("DATABASE_URL", format!("postgres://r_{name}:r@{place}")).done();
    db.execute(&format!("drop owned by r_{name}; drop role r_{name}"));
    assert_eq!(done.code(0).json()["processed"], 10);
    let two = format!("{}?connection_limit=2", db.direct_url());
    backlog(&db, 4);
    let again = db.command(&["process-conversations", "--force"]).env("DATABASE_URL", two).done();
    assert_eq!(again.code(0).json()["processed"], 4);
    promises::kept(&db);
}

#[test]
fn a_wait_longer_than_a_sixth_of_the_lease_is_refused() {
    let db = Db::postgres();
    let done = db.command(&["decay", "--lease", "30s"]).env("NIKITA_DB_TIMEOUT", "6s").done().code(78);
    assert!(done.error().contains("longer than a sixth of --lease, 5s"), "{}", done.error());
    db.command(&["decay", "--lease", "30s", "--db-timeout", "5s"]).done().code(0);
    db.command(&["health", "--db-timeout", "6s"]).done();
}

fn hanging(db: &Db) -> Bin {
    let args = ["process-conversations", "--timeout", "5m", "--concurrency", "1", "--grace", "0s"];
    db.command(&args).env("NIKITA_REHEARSE", "extraction=hang*1")
}

fn is_claimed(db: &Db) -> bool {
    db.value("select count(*) from conversations where status = 'processing'") == "1"
}

on_every_database! {
    fn a_hang_up_is_a_signal_to_stop(db) {
        backlog(db, 1);
        let run = hanging(db).start();
        eventually("it is claimed", || is_claimed(db));
        run.signal("HUP");
        assert_eq!(run.done().code(143).json()["status"], "interrupted");
        assert_eq!(db.rows("select status, processing_attempts from conversations"), [["active", "0"]]);
        promises::kept(db);
    }
}

/// `--db-timeout` is the longest wait for a response: for another writer of an SQLite file, too, whose usual wait is ten seconds.
#[test]
fn another_writer_of_a_file_is_waited_for_no_longer_than_for_a_server() {
    let db = Db::sqlite();
    let _held = db.hold("select 1");
    for args in [&["decay"][..], &["process-conversations"], &["recover"], &["scan-stuck"]] {
        let mut run = db.command(args).args(&["--db-timeout", "100ms"]).start();
        assert!(within(Duration::from_secs(5), || !run.is_running()), "{args:?}");
        assert!(run.done().code(69).error().contains("the SQLite file is locked by another program"), "{args:?}");
    }
}

/// `nohup` ignores the signal for those it starts.
#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let db = Db::sqlite();
    backlog(&db, 1);
    let line = format!("trap '' HUP; exec '{}' \"$@\"", crate::support::bin::path().display());
    let mut run: Running = program(Path::new("sh"))
        .args(&["-c", &line, "sh", "process-conversations", "--timeout", "5m", "--grace", "0s"])
        .env("DATABASE_URL", &db.url)
        .env("NIKITA_REHEARSE", "extraction=hang*1")
        .start();
    eventually("it is claimed", || is_claimed(&db));
    run.signal("HUP");
    // A signal that is heard is heard before the next statement.
    assert_eq!(db.value("select count(*) from job_leases"), "1");
    assert!(run.is_running());
    run.signal("TERM");
    assert_eq!(run.done().code(143).json()["status"], "interrupted");
}

/// A shell with job control that starts a run and ends at a line of its stdin. `before` is what it does to the run first.
fn orphaned(db: &Db, folder: &Path, before: &str) -> u32 {
    // The run's group has nobody of its session outside of it any more once the shell is gone.
    let line = format!(
        "set -m; '{}' process-conversations --timeout 5m --grace 0s >out 2>err & echo $! >pid.new; mv pid.new pid; read line; {before}",
        crate::support::bin::path().display()
    );
    let mut shell = std::process::Command::new("setsid")
        .args(["--wait", "bash", "-c", &line])
        .current_dir(folder)
        .env("DATABASE_URL", &db.url)
        .env("NIKITA_HOST_ROOT", "/nowhere")
        .env("NIKITA_REHEARSE", "extraction=hang*1")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("a shell");
    eventually("it is claimed", || is_claimed(db) && folder.join("pid").exists());
    // Without its stdin it reads no line.
    drop(shell.stdin.take());
    shell.wait().expect("the shell ends");
    std::fs::read_to_string(folder.join("pid")).expect("the run's id").trim().parse().expect("a number")
}

fn is_given_back(db: &Db) -> bool {
    db.rows("select status, processing_attempts from conversations") == [["active", "0"]]
}

#[test]
fn a_run_outlives_the_shell_that_started_it_and_still_hears_signals() {
    let (db, folder) = (Db::sqlite(), tempfile::TempDir::new().unwrap());
    backlog(&db, 1);
    let pid = orphaned(&db, folder.path(), ":");
    assert_eq!(db.value("select count(*) from job_leases"), "1", "its end would have taken it");
    program(Path::new("kill")).args(&["-TERM", &pid.to_string()]).done().code(0);
    eventually("it has given its claim back", || is_given_back(&db));
    eventually("it has said so", || {
        std::fs::read_to_string(folder.path().join("out")).unwrap().contains("\"interrupted\"")
    });
    promises::kept(&db);
}

/// The kernel sends SIGHUP and SIGCONT to a group that is orphaned while it is stopped.
#[test]
fn a_frozen_run_whose_shell_ends_gives_its_claim_back() {
    let (db, folder) = (Db::sqlite(), tempfile::TempDir::new().unwrap());
    backlog(&db, 1);
    // All of its threads: the kernel counts a process as stopped when the last one is.
    let frozen = "kill -STOP %1; while grep -L '^State:.T' /proc/$!/task/*/status | grep -q .; do :; done";
    orphaned(&db, folder.path(), frozen);
    eventually("it has given its claim back", || is_given_back(&db));
    eventually("it has said so", || {
        std::fs::read_to_string(folder.path().join("out")).unwrap().contains("\"exit_code\":143")
    });
    promises::kept(&db);
}

/// As in a container: process 1 has no default action for a signal, so that one which nobody listens for is lost.
#[test]
fn as_process_1_it_hears_every_signal() {
    for (signal, code) in [("TERM", 143), ("HUP", 143), ("INT", 130)] {
        let db = Db::sqlite();
        backlog(&db, 1);
        let mut unshare = program(Path::new("unshare"));
        if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
            unshare = unshare.args(&["--user", "--map-root-user"]);
        }
        let run = unshare
            .args(&["--pid", "--fork", "--mount-proc", "--kill-child", crate::support::bin::path().to_str().unwrap()])
            .args(&["process-conversations", "--timeout", "5m", "--grace", "0s"])
            .env("DATABASE_URL", &db.url)
            .env("NIKITA_REHEARSE", "extraction=hang*1")
            .start();
        eventually("it is claimed", || is_claimed(&db));
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.pid())).unwrap();
        program(Path::new("kill")).args(&[&format!("-{signal}"), children.trim()]).done().code(0);
        assert_eq!(run.done().code(code).json()["status"], "interrupted", "{signal}");
        assert!(is_given_back(&db), "{signal}");
        promises::kept(&db);
    }
}

/// What the application makes of a conversation must not be undone by hand while it holds the row.
#[test]
fn a_locked_conversation_is_passed_over_and_counted() {
    let db = Db::postgres();
    let user = Player::default().insert(&db);
    let stuck = conversation(&db, user, -7200, &transcript(&["Hello."]));
    let old = at(-86_400 * 400);
    db.execute(&format!("update conversations set status = 'processing', updated_at = {old}, processing_started_at = {old} where id = '{stuck}'"));
    let held = db.hold(&format!("update conversations set conversation_summary = 'x' where id = '{stuck}'"));
    let result = db.run(&["recover", "--requeue"]).code(0).json();
    assert_eq!((&result["recovered"], &result["locked"]), (&json!(0), &json!(1)));
    let by_hand = db.run(&["recover", "conversation", &stuck.to_string()]).code(69);
    assert!(by_hand.error().contains("locked by another transaction"), "{}", by_hand.error());
    held.commit();
    assert_eq!(db.run(&["recover", "--requeue", "--force"]).code(0).json()["recovered"], 1);
}
