//! What becomes of a process whose streams are full, closed, broken or not to be written: the contract's code, one JSON value
//! where stdout takes it, and never a panic (spec 01).

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::on_every_database;
use crate::support::bin::{self, Bin, Done, eventually, program};
use crate::support::db::Db;
use crate::support::seed::backlog;

/// A stream that takes nothing.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Full,
    Broken,
    ReadOnly,
    Closed,
}

const TROUBLES: [Trouble; 4] = [Trouble::Full, Trouble::Broken, Trouble::ReadOnly, Trouble::Closed];

impl Trouble {
    fn stream(self) -> Stdio {
        match self {
            Self::Full => File::create("/dev/full").unwrap().into(),
            Self::Broken => io::pipe().unwrap().1.into(),
            Self::ReadOnly => File::open("/dev/null").unwrap().into(),
            // The shell closes it.
            Self::Closed => Stdio::null(),
        }
    }
}

/// The command, run by a shell that may close a stream of it.
fn through_shell(db: &Db, folder: &Path, args: &[String], redirection: &str) -> Bin {
    let shell = program(Path::new("sh")).args(&["-c", &format!("exec \"$0\" \"$@\" {redirection}")]);
    let all: Vec<&str> = args.iter().map(String::as_str).collect();
    shell.args(&[bin::path().to_str().unwrap()]).args(&all).env("DATABASE_URL", &db.url).dir(folder)
}

/// Every command and every way to end before one.
fn every_command(folder: &Path) -> Vec<Vec<String>> {
    let report = folder.join("report.html");
    let demo = folder.join("demo.sqlite");
    let lines = [
        "decay --force",
        "decay --dry-run",
        "decay --force --format human",
        "process-conversations --force",
        "process-conversations --dry-run",
        "recover --force",
        "recover --dry-run",
        "scan-stuck --force",
        "scan-stuck --dry-run",
        "health",
        "health --format human",
        "stats",
        "status",
        "status 019b0000-0000-7000-8000-000000000000",
        "doctor",
        "migrate",
        "migrate --plan",
        "prompt render --user 019b0000-0000-7000-8000-000000000000",
        "check",
        "exec --job backup -- true",
        "failures",
        "retry --failed",
        "why 019b0000-0000-7000-8000-000000000000",
        "help",
        "help decay",
        "schema",
        "schema decay",
        "reference",
        "completions bash",
        "man",
        "--help",
        "decay --help",
        "--version",
        "--version --format json",
        "unknown",
        "decay --window soon",
        "decay --env-file gone",
        "detect-stuck",
    ];
    let words = |line: &str| line.split(' ').map(ToOwned::to_owned).collect();
    let mut all: Vec<Vec<String>> = lines.into_iter().map(words).collect();
    let listed = bin::command(&["--help"]).done().code(0).stdout();
    let listed = listed.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(' ')).map(|(name, _)| name);
    for name in names.filter(|name| !name.is_empty() && !["report", "demo"].contains(name)) {
        assert!(all.iter().any(|args| args[0] == name), "{name} is not tried here");
    }
    all.push(vec!["report".into(), "-o".into(), report.to_str().unwrap().into()]);
    all.push(vec!["demo".into(), "--path".into(), demo.to_str().unwrap().into()]);
    all
}

fn is_json(done: &Done) -> bool {
    serde_json::from_str::<Value>(&done.stdout()).is_ok()
}

#[test]
fn a_result_that_stdout_does_not_take_is_a_failure_of_every_command() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    for args in every_command(folder.path()) {
        for trouble in TROUBLES {
            let redirection = if matches!(trouble, Trouble::Closed) { ">&-" } else { "" };
            let done = through_shell(&db, folder.path(), &args, redirection).stdout(trouble.stream()).done();
            assert_eq!(done.exit(), Some(1), "{args:?} {trouble:?}: {}", done.stderr());
            assert!(!done.stderr().contains("panicked"), "{args:?} {trouble:?}: {}", done.stderr());
        }
    }
}

#[test]
fn a_stderr_that_takes_nothing_changes_neither_code_nor_result_of_any_command() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    for args in every_command(folder.path()) {
        let usual = through_shell(&db, folder.path(), &args, "").done();
        for trouble in TROUBLES {
            let redirection = if matches!(trouble, Trouble::Closed) { "2>&-" } else { "" };
            let done = through_shell(&db, folder.path(), &args, redirection).stderr(trouble.stream()).done();
            assert_eq!(done.exit(), usual.exit(), "{args:?} {trouble:?}: {} {}", done.stdout(), usual.stderr());
            assert_eq!(is_json(&done), is_json(&usual), "{args:?} {trouble:?}: {}", done.stdout());
            assert_eq!(done.stdout().is_empty(), usual.stdout().is_empty(), "{args:?} {trouble:?}");
        }
    }
}

#[test]
fn quiet_has_no_result_to_lose() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    for trouble in TROUBLES {
        let redirection = if matches!(trouble, Trouble::Closed) { ">&-" } else { "" };
        let args = ["decay", "--force", "-q"].map(ToOwned::to_owned);
        let done = through_shell(&db, folder.path(), &args, redirection).stdout(trouble.stream()).done().code(0);
        assert_eq!(done.stderr(), "");
    }
}

#[test]
fn the_version_is_json_for_whoever_asks() {
    let done = bin::command(&["--version", "--format", "json"]).done().code(0);
    assert_eq!(done.json(), serde_json::json!({"program": "nikita-jobs", "version": env!("CARGO_PKG_VERSION")}));
}

on_every_database! {
    fn a_run_whose_result_is_lost_stands_as_it_is(db) {
        let conversation = backlog(db, 1)[0];
        let full = File::create("/dev/full").unwrap();
        let done = db.command(&["process-conversations"]).stdout(full).done().code(1);
        assert!(done.stderr().contains("stdout did not take the result"), "{}", done.stderr());
        assert_eq!(db.value("select status from job_executions"), "completed");
        assert_eq!(db.value(&format!("select status from conversations where id = '{conversation}'")), "processed");
    }

    fn a_reader_who_never_reads_does_not_keep_a_run_from_ending(db) {
        backlog(db, 150);
        // Of its result and of its log, more than a pipe holds.
        let mut run = db.command(&["process-conversations", "--batch", "150"]).start();
        eventually("its run is over", || db.value("select count(*) from job_executions where status = 'completed'") == "1");
        assert!(run.is_running(), "its result is too long for a pipe");
        eventually("a signal ends it", || {
            // One that comes before it listens again is the run's, and asks for nothing more.
            if run.is_running() {
                run.signal("TERM");
            }
            !run.is_running()
        });
        assert!(matches!(run.ended().and_then(|it| it.code()), Some(1 | 143)));
    }
}

/// `nikita-jobs … | head -1`, and a reader who is gone before the first line.
#[test]
fn a_reader_who_leaves_early_ends_nothing_by_a_signal() {
    let (db, folder) = (Db::sqlite(), TempDir::new().unwrap());
    let line = "\"$0\" \"$@\" | $READER >/dev/null; exit ${PIPESTATUS[0]}";
    for args in ["man", "reference", "schema", "decay --force", "status --format human", "doctor --format human"] {
        for reader in ["head -1", "true"] {
            let words: Vec<&str> = args.split(' ').collect();
            let shell = program(Path::new("bash")).args(&["-c", line, bin::path().to_str().unwrap()]).args(&words);
            let done = shell.env("READER", reader).env("DATABASE_URL", &db.url).dir(folder.path()).done();
            assert!(matches!(done.exit(), Some(0 | 1)), "{args} | {reader}: {}", done.all());
            assert!(!done.stderr().contains("panic"), "{args} | {reader}: {}", done.all());
        }
    }
    assert_eq!(db.value("select count(*) from job_executions where status <> 'completed'"), "0");
}

/// `journalctl -p err` shows why a service failed, even if the log had not started.
#[test]
fn an_early_error_has_a_priority_in_the_journal() {
    let folder = TempDir::new().unwrap();
    for args in [&["decay", "--no-such-flag"][..], &["decay", "--env-file", "missing"]] {
        let file = File::create(folder.path().join("journal")).unwrap();
        let stream = file.metadata().map(|it| format!("{}:{}", it.dev(), it.ino())).unwrap();
        let _ = bin::command(args).env("JOURNAL_STREAM", stream).stderr(file).done();
        let said = fs::read_to_string(folder.path().join("journal")).unwrap();
        assert!(said.starts_with("<3>error: "), "{said}");
    }
}
