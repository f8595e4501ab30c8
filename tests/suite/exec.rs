//! `exec`: any command under a job's lease, window, recorder and exit codes (spec 06).

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::on_every_database;
use crate::support::bin::{Running, eventually};
use crate::support::db::Db;

/// A command that takes no hint, with a child that takes none either; the ids of both.
fn stubborn(db: &Db, folder: &Path, args: &[&str]) -> (Running, [String; 2]) {
    let mark = folder.join("began");
    let script = format!(
        "trap 'touch {1}' TERM; (trap '' TERM; exec sleep 300) & echo $$ $! > {0}.new; mv {0}.new {0}; while :; do wait; done",
        mark.display(),
        folder.join("heard").display()
    );
    let all: Vec<_> =
        ["exec", "--job", "letter"].iter().chain(args).chain(&["--", "sh", "-c", &script]).copied().collect();
    let running = db.command(&all).start();
    eventually("the command runs", || mark.exists());
    let ids = fs::read_to_string(&mark).expect("their ids");
    let mut ids = ids.split_whitespace().map(str::to_owned);
    (running, [ids.next().expect("its own"), ids.next().expect("its child's")])
}

/// Whether it still runs; what has ended and was not waited for has no program.
fn lives(process: &str) -> bool {
    Path::new("/proc").join(process).join("exe").exists()
}

on_every_database! {
    fn a_command_is_a_run_and_its_exit_code_stands_in_the_result(db) {
        let done = db.run(&["exec", "--job", "letter", "--", "sh", "-c", "echo one; echo two >&2"]).code(0);
        let result = done.json();
        assert_eq!((&result["job"], &result["command"], &result["command_exit_code"]), (&"letter".into(), &"sh".into(), &0.into()));
        assert_eq!(result["lines"], 2, "{result}");
        let said = done.stderr();
        assert!(said.contains("one\n") && said.contains("two\n"), "{said}");
        assert_eq!(db.value("select status from job_executions where job_name = 'letter'"), "completed");

        let failed = db.run(&["exec", "--job", "letter", "--", "sh", "-c", "exit 7"]).code(1).json();
        assert_eq!((&failed["command_exit_code"], &failed["error"]["kind"]), (&7.into(), &"command_failed".into()), "{failed}");
        let lost = db.run(&["exec", "--job", "letter", "--", "/no/such/program"]).code(78).json();
        assert_eq!(lost["error"]["kind"], "configuration", "{lost}");
        let long = db.run(&["exec", "--job", "letter", "--timeout", "50ms", "--", "sleep", "60"]).code(1).json();
        assert_eq!((&long["timed_out"], &long["error"]["kind"]), (&true.into(), &"timed_out".into()), "{long}");
        assert!((db.number("select count(*) from job_leases") - 0.0).abs() < 1e-9);
    }

    fn the_window_and_the_lease_are_a_jobs(db) {
        db.run(&["exec", "--job", "letter", "--window", "1h", "--", "true"]).code(0);
        let skipped = db.run(&["exec", "--job", "letter", "--window", "1h", "--", "true"]).code(75).json();
        assert_eq!(skipped["reason"], "recent_execution", "{skipped}");
        db.run(&["exec", "--job", "letter", "--window", "1h", "--force", "--", "true"]).code(0);
        db.run(&["exec", "--job", "decay", "--", "true"]).code(2);
    }

    fn quiet_holds_the_lines_back_until_there_is_trouble(db) {
        let quiet = db.run(&["exec", "-q", "--job", "letter", "--", "sh", "-c", "echo hidden"]).code(0);
        assert_eq!(quiet.all(), "");
        let loud = db.run(&["exec", "-q", "--job", "letter", "--", "sh", "-c", "echo shown; exit 1"]).code(1);
        assert!(loud.stderr().contains("shown\n"), "{}", loud.all());
        let passed = db.run(&["exec", "--pass-stdout", "--job", "letter", "--", "echo", "theirs"]).code(0);
        assert_eq!(passed.stdout(), "theirs\n");
        assert!(passed.stderr().contains("\"command_exit_code\":0"), "{}", passed.stderr());
    }

    fn a_signal_goes_to_the_whole_group_and_ends_the_run_as_interrupted(db) {
        for (signal, code) in [("TERM", 143), ("HUP", 143), ("INT", 130)] {
            let folder = TempDir::new().expect("a folder");
            let mark = folder.path().join("began");
            let script = format!("sleep 300 & echo $! > {0}.new; mv {0}.new {0}; wait", mark.display());
            let running = db.command(&["exec", "--job", "letter", "--", "sh", "-c", &script]).start();
            eventually("the command runs", || mark.exists());
            let child = fs::read_to_string(&mark).expect("its child's id");
            running.signal(signal);
            let done = running.done().code(code).json();
            assert_eq!(done["status"], "interrupted", "{signal}: {done}");
            eventually("the whole group has ended", || !lives(child.trim()));
        }
        assert_eq!(db.value("select count(*) from job_executions where status = 'failed'"), "3");
    }

    fn after_a_second_signal_nothing_of_the_command_goes_on(db) {
        let folder = TempDir::new().expect("a folder");
        let (running, children) = stubborn(db, folder.path(), &[]);
        running.signal("TERM");
        eventually("the first signal is heard", || folder.path().join("heard").exists());
        assert!(children.iter().all(|child| lives(child)), "the grace is theirs");
        running.signal("TERM");
        running.done().code(143);
        eventually("the whole group has ended", || !children.iter().any(|child| lives(child)));
    }

    fn where_we_are_killed_nothing_of_the_command_goes_on(db) {
        let folder = TempDir::new().expect("a folder");
        let (running, children) = stubborn(db, folder.path(), &[]);
        running.signal("KILL");
        assert!(running.done().was_killed());
        eventually("the whole group has ended", || !children.iter().any(|child| lives(child)));
    }

    fn what_a_command_leaves_behind_is_ended(db) {
        let folder = TempDir::new().expect("a folder");
        let mark = folder.path().join("left");
        let script = format!("trap '' TERM; sleep 300 > /dev/null 2>&1 & echo $! > {}", mark.display());
        db.run(&["exec", "--job", "letter", "--", "sh", "-c", &script]).code(0);
        let left = fs::read_to_string(&mark).expect("its id");
        eventually("what was left behind has ended", || !lives(left.trim()));
    }

    fn a_command_meets_a_pipe_without_a_reader_as_in_a_shell(db) {
        // Where we would pass on that we ignore the signal, `yes` would complain of a broken pipe.
        let done = db.run(&["exec", "--job", "letter", "--", "sh", "-c", "yes | head -1"]).code(0);
        assert!(done.stderr().contains("y\n") && !done.stderr().contains("pipe"), "{}", done.stderr());
    }

    fn an_audit_has_its_lines_and_its_end(db) {
        let script = "echo first; echo second";
        let done = db.run(&["exec", "--job", "nightly", "--audit", "books", "--", "sh", "-c", script]).code(0).json();
        assert_eq!(db.value("select audit_type || ' ' || status from audit_reports"), "books completed");
        assert_eq!(db.value("select cast(audit_id as text) from audit_reports"), done["audit_id"].as_str().expect("its id"));
        let logs = db.value("select cast(execution_logs as text) from audit_reports");
        assert!(logs.contains("first") && logs.contains("second"), "{logs}");
        db.run(&["exec", "--job", "nightly", "--audit", "books", "--", "sh", "-c", "exit 3"]).code(1);
        let why = db.value("select cast(summary as text) from audit_reports where status = 'failed'");
        assert!(why.contains("\"exit_code\": 3") || why.contains("\"exit_code\":3"), "{why}");
        assert!((db.number("select count(*) from job_leases") - 0.0).abs() < 1e-9);
    }

    /// As a run does that can't renew its lease at once.
    fn an_audit_goes_on_while_its_lease_can_still_be_renewed(db) {
        let folder = TempDir::new().expect("a folder");
        let end = folder.path().join("end");
        let script = format!("echo first; until [ -e {} ]; do sleep 0.05; done; echo last", end.display());
        let args = ["exec", "--job", "nightly", "--lease", "6s", "--audit", "books", "--", "sh", "-c", &script];
        let running = db.command(&args).start_into(folder.path());
        eventually("the audit has begun", || db.value("select count(*) from audit_reports") == "1");
        let held = db.hold("update job_leases set host = host where lease_key like 'audit:%'");
        let said = || fs::read_to_string(folder.path().join("err")).expect("its stderr");
        eventually("it could not be renewed", || said().contains("audit not renewed, trying again"));
        drop(held);
        fs::write(&end, "").expect("written");
        let status = running.done().exit();
        assert_eq!(status, Some(0), "{}", said());
        assert_eq!(db.value("select status from audit_reports"), "completed");
        let logs = db.value("select cast(execution_logs as text) from audit_reports");
        assert!(logs.contains("first") && logs.contains("last"), "{logs}");
    }

    fn a_killed_audit_is_found_by_scan_stuck(db) {
        let folder = TempDir::new().expect("a folder");
        let mark = folder.path().join("began");
        let script = format!("touch {}; exec sleep 300", mark.display());
        let args = ["exec", "--job", "nightly", "--lease", "2s", "--audit", "books", "--", "sh", "-c", &script];
        let running = db.command(&args).start();
        eventually("the command runs", || mark.exists());
        running.signal("KILL");
        assert!(running.done().was_killed());
        eventually("the audit is failed", || {
            // The run's lease ends before the audit's, which was renewed later.
            db.run(&["scan-stuck", "--force", "--recovered-exit-code", "9"]);
            db.value("select status from audit_reports") == "failed"
        });
        assert!(db.number("select count(*) from job_executions where job_name = 'nightly' and status = 'failed'") > 0.5);
    }
}
