//! The schedules that are shipped, driven by the real thing: cron, and systemd's own checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::JOBS;
use crate::support::bin;
use crate::support::db::Db;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn run(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}. scripts/test installs it"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The units of one kind.
fn units(folder: &Path, kind: &str) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let units = files.filter(|path| path.extension().is_some_and(|it| it == kind));
    let units: Vec<_> = units.map(|path| path.display().to_string()).collect();
    assert!(units.len() >= 4, "one {kind} a job: {units:?}");
    units
}

/// The shipped units in a folder of the test's own, with the binary under test where they name the installed one.
fn units_with_the_binary() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let copied = Command::new("cp").arg("-r").arg(shipped("systemd/.")).arg(folder.path()).status();
    assert!(copied.expect("cp runs").success());
    for unit in units(folder.path(), "service") {
        let text = fs::read_to_string(&unit).expect("a unit");
        fs::write(&unit, text.replace("/usr/bin/nikita-jobs", &bin::path().display().to_string())).expect("written");
    }
    folder
}

/// Whatever is wrong with the units of other software on the same host.
#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = units_with_the_binary();
    let foreign = "[Unit]\nNonsense=1\n[Service]\nNonsense=2\nExecStart=/nowhere/program\n";
    fs::write(folder.path().join("foreign.service"), foreign).expect("written");
    let wanted = folder.path().join("network-online.target.wants");
    fs::create_dir(&wanted).expect("made");
    std::os::unix::fs::symlink("../foreign.service", wanted.join("foreign.service")).expect("linked");
    let (services, timers) = (units(folder.path(), "service"), units(folder.path(), "timer"));
    let ours = services.iter().chain(&timers).filter(|unit| !unit.ends_with("foreign.service"));
    let ours: Vec<_> = ours.collect();
    let verify = |of_ours_alone: &[&str]| {
        let mut verify = Command::new("systemd-analyze");
        // With the host's own units behind ours.
        verify.env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()));
        let verified = verify.args(["verify", "--man=no"]).args(of_ours_alone).args(&ours).output();
        verified.expect("systemd-analyze runs; scripts/test installs it")
    };
    let said = text(&verify(&[]));
    let (of_ours, of_others): (Vec<_>, Vec<_>) = said.lines().partition(|line| line.contains("nikita-jobs"));
    assert!(of_ours.is_empty(), "{said}");
    assert!(of_others.iter().any(|line| line.contains("foreign.service")), "the foreign unit was seen: {said}");
    let verified = verify(&["--recursive-errors=no"]);
    assert!(verified.status.success(), "{}", text(&verified));
}

#[test]
fn each_service_is_exposed_by_no_more_than_one_and_a_half_of_ten() {
    for service in units(&shipped("systemd"), "service") {
        let judged = run("systemd-analyze", &["security", "--offline=true", "--threshold=15", "--no-pager", &service]);
        assert!(judged.status.success(), "{service}: {}", text(&judged));
        assert!(text(&judged).contains("Overall exposure level"), "{}", text(&judged));
    }
}

#[test]
fn each_timer_has_a_calendar_that_comes_round_and_a_service_of_its_name() {
    for timer in units(&shipped("systemd"), "timer") {
        let text_of = fs::read_to_string(&timer).expect("a timer");
        let calendar = text_of.lines().find_map(|line| line.strip_prefix("OnCalendar=")).expect("a calendar");
        let next = run("systemd-analyze", &["calendar", calendar]);
        assert!(next.status.success() && text(&next).contains("Next elapse"), "{timer}: {}", text(&next));
        assert!(Path::new(&timer.replace(".timer", ".service")).exists(), "{timer} starts no service");
        assert!(text_of.contains("Persistent=true") && text_of.contains("RandomizedDelaySec="), "{timer}");
    }
}

/// A unit that calls a command or a flag that is not there would fail at its first start, and only then.
#[test]
fn the_binary_knows_what_the_services_start() {
    let (db, folder) = (Db::sqlite(), TempDir::new().expect("a folder"));
    let mut started = 0;
    for service in units(&shipped("systemd"), "service") {
        let text = fs::read_to_string(&service).expect("a service");
        let command = text.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
        let Some(arguments) = command.strip_prefix("/usr/bin/nikita-jobs ") else { continue };
        let arguments = arguments.replace("%S/nikita-jobs", &folder.path().display().to_string());
        let is_job = !arguments.starts_with("health");
        let arguments: Vec<&str> = arguments.split(' ').chain(is_job.then_some("--dry-run")).collect();
        db.run(&arguments).code(0);
        assert!(!is_job || text.contains("SuccessExitStatus=75 130 143"), "a skip or a stop of {service} alerts");
        assert!(text.contains("OnFailure=nikita-jobs-alert@%n.service"), "{service} fails in silence");
        started += 1;
    }
    assert_eq!(started, 2 * JOBS.len() + 2, "the jobs and health, and the same for one of many databases");
}

#[test]
fn cron_runs_the_jobs_and_mails_only_trouble() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().to_str().expect("a plain path");
    assert!(run("chmod", &["777", path]).status.success());
    fs::write(folder.path().join("bad.sqlite"), "no database").expect("written");
    let script = shipped("tests/suite/schedule/cron.sh");
    let binary = bin::path().display().to_string();
    let crontab = shipped("crontab.example").display().to_string();
    let script = script.to_str().expect("a plain path");
    let arguments = ["bash", script, &binary, &crontab, path];
    // cron changes users and the script mounts: both are root's.
    let as_root = run("id", &["-u"]).stdout == b"0\n";
    let (program, arguments) = if as_root { (arguments[0], &arguments[1..]) } else { ("sudo", &arguments[..]) };
    let cron = run(program, arguments);
    assert!(cron.status.success(), "{}", text(&cron));

    let good = Db::at(&folder.path().join("good.sqlite"));
    let runs = |job: &str| {
        good.number(&format!("select count(*) from job_executions where job_name = '{job}' and status = 'completed'"))
    };
    assert!(runs("process-conversations") >= 2.0, "one a minute: {:?}", good.rows("select * from job_executions"));
    assert!(runs("recover") >= 1.0, "one in two minutes: {:?}", good.rows("select * from job_executions"));
    let mail = |user: &str| fs::read_to_string(folder.path().join(format!("mail.{user}")));
    assert!(mail("nobody").is_err(), "no mail without trouble: {:?}", mail("nobody"));
    let trouble = mail("daemon").expect("trouble is mailed");
    assert!(
        trouble.contains("Subject: Cron <daemon@") && trouble.contains("is not a database, or is damaged"),
        "{trouble}"
    );
    assert!(mail("games").is_err(), "{:?}", mail("games"));
    assert!(!folder.path().join("timers.sqlite").exists(), "where timers are enabled, cron starts nothing");
}
