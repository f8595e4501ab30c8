//! What a run tells the outside: the metrics file, judged by Prometheus' own tool, and pings to a server that speaks
//! healthchecks.io's protocol.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::bad_input::unprivileged;
use crate::support::bin::{self, eventually, program};
use crate::support::db::Db;
use crate::support::seed::{Player, backlog};

/// A metrics file in a folder of the test's own.
struct Metrics {
    folder: TempDir,
}

impl Metrics {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("nikita.prom")
    }

    fn run(&self, db: &Db, args: &[&str]) -> bin::Done {
        db.command(args).env("NIKITA_METRICS_FILE", self.path()).done()
    }

    /// A series' value.
    fn value(&self, series: &str) -> f64 {
        let text = fs::read_to_string(self.path()).expect("the file is there");
        let line =
            text.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("{series}: {text}"));
        line.trim().parse().expect("a number")
    }

    fn runs(&self, job: &str, outcome: &str) -> f64 {
        self.value(&format!("nikita_jobs_runs_total{{job_name=\"{job}\",outcome=\"{outcome}\"}}"))
    }

    fn of(&self, metric: &str, job: &str) -> f64 {
        self.value(&format!("nikita_jobs_{metric}{{job_name=\"{job}\"}}"))
    }

    /// What `promtool check metrics` finds.
    fn check(&self) {
        let file = fs::File::open(self.path()).expect("the file is there");
        let checked = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::from(file)).output();
        let checked = checked.expect("promtool runs; scripts/test installs it");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success() && said.is_empty(), "{said}");
    }
}

#[test]
fn the_metrics_file_counts_each_run_and_passes_promtool() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    backlog(&db, 3);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    metrics.run(&db, &["process-conversations", "--batch", "2"]).code(0);
    metrics.check();
    assert_eq!(metrics.runs("process-conversations", "success"), 1.0);
    assert_eq!(metrics.value("nikita_jobs_conversations_pending"), 1.0);
    assert!(metrics.of("last_success_timestamp_seconds", "process-conversations") >= before);
    assert!(metrics.of("last_duration_seconds", "process-conversations") > 0.0);
    // All series are there before their job has run.
    assert_eq!(metrics.of("last_success_timestamp_seconds", "decay"), 0.0);
    assert_eq!(metrics.runs("scan-stuck", "failure"), 0.0);

    metrics.run(&db, &["process-conversations"]).code(75);
    assert_eq!(metrics.runs("process-conversations", "skipped_window"), 1.0);
    let broken =
        bin::command(&["decay"]).env("DATABASE_URL", "sqlite:/dev/null/x").env("NIKITA_METRICS_FILE", metrics.path());
    broken.done().code(78);
    assert_eq!(metrics.runs("decay", "failure"), 1.0);
    assert_eq!(metrics.of("last_success_timestamp_seconds", "decay"), 0.0);
    assert!(metrics.of("last_completion_timestamp_seconds", "decay") >= before);
    metrics.run(&db, &["scan-stuck"]).code(0);
    assert_eq!(metrics.value("nikita_jobs_conversations_stuck"), 0.0);
    assert_eq!(metrics.runs("process-conversations", "success"), 1.0, "another job's counts stay");
    metrics.check();
}

#[test]
fn a_skip_on_one_host_tells_of_the_success_on_another() {
    let (db, here, there) = (Db::sqlite(), Metrics::new(), Metrics::new());
    here.run(&db, &["decay"]).code(0);
    there.run(&db, &["decay"]).code(75);
    let (done, told) =
        (here.of("last_success_timestamp_seconds", "decay"), there.of("last_success_timestamp_seconds", "decay"));
    assert!((done - told).abs() < 5.0, "{done} here, {told} there");
    assert_eq!(there.of("last_completion_timestamp_seconds", "decay"), 0.0, "no run ended there");
}

#[test]
fn a_dry_run_and_what_is_done_by_hand_are_not_counted() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    metrics.run(&db, &["decay", "--dry-run"]).code(0);
    metrics.run(&db, &["recover", "conversation", "0b6a2c1e-6a53-4b0f-9f57-3f1f6f0e9a10"]).code(1);
    assert!(!metrics.path().exists());
}

/// Eight runs at once on one file: no count is lost, and what a reader sees is whole at any time.
#[test]
fn runs_at_the_same_time_lose_no_count() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    metrics.run(&db, &["decay"]).code(0);
    let runs: Vec<_> =
        (0..8).map(|_| db.command(&["decay"]).env("NIKITA_METRICS_FILE", metrics.path()).start()).collect();
    let mut running = runs;
    while let Some(mut run) = running.pop() {
        while run.is_running() {
            metrics.check();
        }
        run.done().code(75);
    }
    assert_eq!(metrics.runs("decay", "skipped_window") + metrics.runs("decay", "skipped_lock"), 8.0);
}

/// A run that died between the new file and its rename, or a disk that lost half of it.
#[test]
fn what_a_crash_has_left_is_mended_by_the_next_run() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    metrics.run(&db, &["decay"]).code(0);
    fs::write(metrics.folder.path().join("nikita.prom.new"), "nikita_jobs_runs_total{job_name=\"decay\",outc")
        .expect("written");
    metrics.run(&db, &["decay", "--force"]).code(0);
    metrics.check();
    assert_eq!(metrics.runs("decay", "success"), 2.0);
    let text = fs::read(metrics.path()).expect("there");
    fs::write(metrics.path(), &text[..text.len() / 2]).expect("written");
    metrics.run(&db, &["decay", "--force"]).code(0);
    metrics.check();
}

/// Kills a run in the middle of its work, and leaves what one that is killed in the middle of writing would.
#[test]
fn a_run_that_is_killed_leaves_the_file_whole_and_the_next_one_counts_on() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    metrics.run(&db, &["process-conversations"]).code(0);
    backlog(&db, 1);
    let before = fs::read_to_string(metrics.path()).expect("there");
    let start = |db: &Db, rehearsal: &str| {
        let run = db.command(&["process-conversations", "--force", "--timeout", "10m", "--lease", "2s"]);
        run.env("NIKITA_REHEARSE", rehearsal).env("NIKITA_METRICS_FILE", metrics.path()).start()
    };
    let at_work = start(&db, "extraction=hang");
    eventually("it is at work", || db.value("select status from conversations") == "processing");
    at_work.signal("KILL");
    assert!(at_work.done().was_killed());
    assert_eq!(fs::read_to_string(metrics.path()).expect("there"), before);

    // As far as it would have come in the middle of writing.
    let fresh = metrics.folder.path().join("nikita.prom.new");
    fs::write(&fresh, &before[..before.len() / 2]).expect("written");
    db.execute("delete from job_leases");
    metrics.run(&db, &["process-conversations", "--force"]).code(0);
    metrics.check();
    assert_eq!(metrics.runs("process-conversations", "success"), 2.0);
    let closed =
        "nikita_jobs_recovered_total{job_name=\"process-conversations\",kind=\"execution\",rule=\"owner_dead\"}";
    assert_eq!(metrics.value(closed), 1.0, "the next run has closed the dead one");
    assert!(!fresh.exists(), "it has become the file");
}

#[test]
fn a_file_that_a_crash_has_emptied_is_mended_and_another_programs_is_left_alone() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    for emptied in ["", "\0\0\0\0\0\0"] {
        fs::write(metrics.path(), emptied).expect("written");
        metrics.run(&db, &["decay", "--force"]).code(0);
        metrics.check();
        assert_eq!(metrics.runs("decay", "success"), 1.0);
    }
    let foreign = "root:x:0:0:root:/root:/bin/bash\n";
    fs::write(metrics.path(), foreign).expect("written");
    let done = metrics.run(&db, &["decay", "--force"]).code(0);
    assert!(done.stderr().contains("holds no metrics of ours"), "{}", done.stderr());
    assert_eq!(fs::read_to_string(metrics.path()).expect("there"), foreign);
}

#[test]
fn a_frozen_run_that_holds_the_lock_holds_up_no_other_for_long() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    let lock = metrics.folder.path().join("nikita.prom.lock");
    let frozen = fs::File::create(&lock).expect("made");
    frozen.lock().expect("locked");
    let done = metrics.run(&db, &["decay"]).code(0);
    assert!(!done.stderr().contains("metrics not written"), "{}", done.stderr());
    assert_eq!(metrics.runs("decay", "success"), 1.0);
    assert_ne!(fs::metadata(&lock).expect("there").ino(), frozen.metadata().expect("open").ino(), "it was replaced");
    metrics.run(&db, &["decay", "--force"]).code(0);
    assert_eq!(metrics.runs("decay", "success"), 2.0);
}

/// Whoever may write in the folder: links, in place of each file that a run writes.
#[test]
fn no_link_is_followed_and_no_lock_emptied() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    let [other, lock, fresh] =
        ["other", "nikita.prom.lock", "nikita.prom.new"].map(|it| metrics.folder.path().join(it));
    fs::write(&other, "nikita_jobs_ of another").expect("written");
    for name in [lock.clone(), metrics.path()] {
        symlink(&other, &name).expect("linked");
        let done = metrics.run(&db, &["decay", "--force"]).code(0);
        assert!(done.stderr().contains("is a symbolic link"), "{}", done.stderr());
        fs::remove_file(&name).expect("removed");
    }
    symlink(&other, &fresh).expect("linked");
    fs::write(&lock, "kept").expect("written");
    metrics.run(&db, &["decay", "--force"]).code(0);
    metrics.check();
    assert_eq!(fs::read_to_string(&other).expect("there"), "nikita_jobs_ of another");
    assert_eq!(fs::read_to_string(&lock).expect("there"), "kept");
}

/// Another user's lock, as root's run or a stranger leaves it: replaced where the folder is ours, and never waited for.
#[test]
fn another_users_lock_costs_nothing() {
    let (db, metrics, tools) = (Db::sqlite(), Metrics::new(), TempDir::new().expect("made"));
    db.run(&["migrate"]).code(0);
    let lock = metrics.folder.path().join("nikita.prom.lock");
    let stranger = fs::File::create(&lock).expect("made");
    stranger.lock().expect("locked");
    for folder in [tools.path(), db.file().parent().expect("a folder"), metrics.folder.path()] {
        fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("ours");
    }
    fs::set_permissions(db.file(), Permissions::from_mode(0o666)).expect("ours");
    for mode in [0o600, 0o666] {
        fs::set_permissions(&lock, Permissions::from_mode(mode)).expect("ours");
        let bin = unprivileged(tools.path(), &["decay", "--force"]).env("DATABASE_URL", &db.url);
        let done = bin.env("NIKITA_METRICS_FILE", metrics.path()).done().code(0);
        assert!(!done.stderr().contains("metrics not written"), "{}", done.stderr());
    }
    assert_eq!(metrics.runs("decay", "success"), 2.0);
    assert_eq!(fs::metadata(&lock).expect("there").mode() & 0o777, 0o600);
}

/// Each file that is written has the mode that it should have, whatever the umask is.
#[test]
fn files_have_their_modes_whatever_the_umask_is() {
    for umask in ["0000", "0022", "0027", "0077"] {
        let metrics = Metrics::new();
        let state = metrics.folder.path().join("deep/state");
        let report = metrics.folder.path().join("report.html");
        let kept = metrics.folder.path().join("kept.html");
        fs::write(&kept, "").expect("written");
        fs::set_permissions(&kept, Permissions::from_mode(0o640)).expect("ours");
        let run = |args: &[&str]| {
            let shell = program(Path::new("sh")).args(&["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
            let bin = shell.args(&[bin::path().to_str().expect("text")]).args(args).env("XDG_STATE_HOME", &state);
            bin.env("NIKITA_METRICS_FILE", metrics.path()).dir(metrics.folder.path()).done().code(0)
        };
        run(&["decay"]);
        for file in ["report.html", "kept.html"] {
            run(&["report", "-o", file]);
        }
        run(&["demo"]);
        let mode = |path: &Path| fs::metadata(path).map(|it| it.mode() & 0o777);
        for (file, expected) in [
            (state.join("nikita-jobs"), 0o700),
            (state.join("nikita-jobs/nikita-jobs.sqlite"), 0o600),
            (state.join("nikita-jobs/demo.sqlite"), 0o600),
            (metrics.path(), 0o644),
            (metrics.folder.path().join("nikita.prom.lock"), 0o600),
            (report, 0o644),
            (kept, 0o640),
        ] {
            assert_eq!(mode(&file).expect("there"), expected, "{} under umask {umask}", file.display());
        }
    }
}

/// No folder, one that nobody can write to, a folder in its place, and a pipe, which must stay one as `/dev/null` must.
#[test]
fn a_metrics_file_that_can_not_be_written_fails_no_run() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    fs::create_dir(metrics.path()).expect("made");
    let pipe = metrics.folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let [folder, pipe] = [metrics.path(), pipe].map(|it| it.display().to_string());
    for path in ["/no/such/folder/x.prom", "/proc/x.prom", &folder, &pipe] {
        let run = |args: &[&str]| db.command(args).env("NIKITA_METRICS_FILE", path).done().code(0);
        let done = run(&["decay", "--force"]);
        assert!(done.stderr().contains("metrics not written") && done.stderr().contains(path), "{}", done.stderr());
        assert_eq!(run(&["decay", "-q", "--force"]).all(), "", "and no mail");
    }
    let left = fs::read_dir(metrics.folder.path()).expect("read").count();
    assert_eq!(left, 3, "the folder, its lock, and the pipe");
}

/// A server that speaks the protocol.
struct Checks {
    runtime: Runtime,
    server: MockServer,
}

impl Checks {
    fn answering(answer: ResponseTemplate) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            Mock::given(any()).respond_with(answer).mount(&server).await;
            server
        });
        Self { runtime, server }
    }

    fn new() -> Self {
        Self::answering(ResponseTemplate::new(200))
    }

    fn url(&self) -> String {
        format!("{}/ping/uuid-of-the-check", self.server.uri())
    }

    fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).expect("recorded")
    }

    /// What stands behind the check's address in each ping; all for one run.
    fn pings(&self) -> Vec<String> {
        let requests = self.requests();
        let run = |request: &Request| {
            request.url.query_pairs().find(|(name, _)| name == "rid").map(|(_, id)| id.into_owned()).expect("a run id")
        };
        for request in &requests {
            assert_eq!(run(request), run(&requests[0]), "one run, one id");
            assert_eq!(request.method.as_str(), "POST");
        }
        let suffix = |request: &Request| {
            request.url.path().strip_prefix("/ping/uuid-of-the-check").expect("the check").to_owned()
        };
        requests.iter().map(suffix).collect()
    }

    fn run(&self, db: &Db, args: &[&str]) -> bin::Done {
        db.command(args)
            .env(&format!("NIKITA_{}_PING_URL", if args[0] == "decay" { "DECAY" } else { "PROCESS" }), self.url())
            .done()
    }
}

#[test]
fn a_success_pings_start_and_then_the_address_itself_with_the_result() {
    let (db, checks) = (Db::sqlite(), Checks::new());
    let result = checks.run(&db, &["decay"]).code(0).json();
    assert_eq!(checks.pings(), ["/start", ""]);
    let body: Value = serde_json::from_slice(&checks.requests()[1].body).expect("the result");
    assert_eq!(body, result);
}

#[test]
fn each_outcome_has_its_ping_and_none_is_75() {
    let db = Db::sqlite();
    db.run(&["decay"]).code(0);
    let fresh = Checks::new();
    fresh.run(&db, &["decay"]).code(75);
    assert_eq!(fresh.pings(), ["/start", ""], "the window says that the work is done");

    let held = Checks::new();
    db.execute(
        "insert into job_leases (lease_key, execution_id, token, host, pid, acquired_at, heartbeat_at, expires_at) values \
         ('job:decay', '0b6a2c1e-6a53-4b0f-9f57-3f1f6f0e9a10', '0b6a2c1e-6a53-4b0f-9f57-3f1f6f0e9a11', 'h', 1, \
         '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z', '2999-01-01T00:00:00.000000Z')",
    );
    held.run(&db, &["decay", "--force"]).code(75);
    assert_eq!(held.pings(), ["/start", "/log"], "nobody knows yet");

    let failed = Checks::new();
    let result = failed.run(&Db::at(&PathBuf::from("/dev/null/x")), &["decay"]).code(78).json();
    assert_eq!(failed.pings(), ["/start", "/fail"]);
    let body: Value = serde_json::from_slice(&failed.requests()[1].body).expect("the result");
    assert_eq!(body, result, "with the reason");

    let off = Checks::new();
    let run = db.command(&["process-conversations"]).env("UNIFIED_PIPELINE_ENABLED", "false");
    run.env("NIKITA_PROCESS_PING_URL", off.url()).done().code(75);
    assert_eq!(off.pings(), ["/start", "/log"]);
}

#[test]
fn a_recovery_is_heard_in_metrics_ping_and_exit_code() {
    let (db, metrics, checks) = (Db::sqlite(), Metrics::new(), Checks::new());
    let recovered = |rule: &str| {
        metrics.value(&format!(
            "nikita_jobs_recovered_total{{job_name=\"recover\",kind=\"conversation\",rule=\"{rule}\"}}"
        ))
    };
    metrics.run(&db, &["decay"]).code(0);
    assert_eq!((recovered("inactive"), recovered("owner_dead")), (0.0, 0.0), "from the first run on");
    let player = Player::default().insert(&db);
    db.execute(&format!(
        "insert into conversations (user_id, status, processing_attempts, started_at, last_message_at, updated_at) \
         values ('{player}', 'processing', 1, {0}, {0}, {0})",
        "'2020-01-01T00:00:00.000000Z'"
    ));
    let run = |code: i32| {
        let run = db.command(&["recover", "--force", "--recovered-exit-code", "9"]);
        let run = run.env("NIKITA_RECOVER_PING_URL", checks.url()).env("NIKITA_METRICS_FILE", metrics.path());
        run.done().code(code).json()
    };
    let result = run(9);
    assert_eq!((recovered("inactive"), recovered("owner_dead")), (1.0, 0.0));
    metrics.check();
    assert_eq!(checks.pings(), ["/start", ""], "a recovery is no failure");
    let body: Value = serde_json::from_slice(&checks.requests()[1].body).expect("the result");
    assert_eq!((&body["recovered"], &body["recoveries"]), (&result["recovered"], &result["recoveries"]));
    run(0);
    assert_eq!(recovered("inactive"), 1.0, "nothing was left to recover");
}

#[test]
fn trouble_with_the_ping_is_tried_three_times_and_is_never_fatal() {
    let db = Db::sqlite();
    Player::default().insert(&db);
    let broken = Checks::answering(ResponseTemplate::new(500));
    let done = broken.run(&db, &["decay"]).code(0);
    assert_eq!(broken.pings(), ["/start", "/start", "/start", "", "", ""]);
    assert!(done.stderr().contains("ping failed"), "{}", done.stderr());
    assert!(!done.stderr().contains("uuid-of-the-check"), "the address is as good as a password: {}", done.stderr());

    let unknown = Checks::answering(ResponseTemplate::new(404));
    unknown.run(&db, &["decay", "--force"]).code(0);
    assert_eq!(unknown.pings(), ["/start", ""], "a check that is not known stays unknown");

    // Nobody listens there.
    let quiet = db.command(&["decay", "--force", "-q"]).env("NIKITA_DECAY_PING_URL", "http://127.0.0.1:1/x").done();
    assert_eq!(quiet.code(0).all(), "", "and no mail");
}

#[test]
fn a_signal_is_neither_a_success_nor_a_failure_and_what_was_given_up_is_one() {
    let (db, stopped) = (Db::sqlite(), Checks::new());
    backlog(&db, 1);
    let run = db.command(&["process-conversations", "--grace", "0s", "--timeout", "10m"]);
    let run = run.env("NIKITA_REHEARSE", "extraction=hang").env("NIKITA_PROCESS_PING_URL", stopped.url()).start();
    eventually("it is at work", || db.value("select status from conversations") == "processing");
    run.signal("TERM");
    run.done().code(143);
    assert_eq!(stopped.pings(), ["/start", "/log"]);

    let partial = Checks::new();
    db.execute("update conversations set messages = '\"no list\"', next_attempt_at = null");
    partial.run(&db, &["process-conversations", "--force"]).code(3);
    assert_eq!(partial.pings(), ["/start", "/fail"]);
}

/// The first ping delays nothing, and each gives up after five seconds.
#[test]
fn an_address_that_never_answers_costs_a_bounded_time_and_no_work() {
    let (db, checks) = (Db::sqlite(), Checks::answering(ResponseTemplate::new(200).set_delay(Duration::from_mins(10))));
    let done = checks.run(&db, &["decay"]).code(0);
    assert_eq!(checks.pings(), ["/start", ""]);
    assert_eq!(done.stderr().matches("no answer in time").count(), 2);
    assert_eq!(db.value("select status from job_executions"), "completed");
}

#[test]
fn an_address_that_is_none_is_refused_without_being_repeated() {
    let db = Db::sqlite();
    let done = db.command(&["decay"]).env("NIKITA_DECAY_PING_URL", "ftp://secret-path/x").done().code(78);
    assert_eq!(done.error(), "NIKITA_DECAY_PING_URL is not an http:// or https:// address");
    assert!(!done.all().contains("secret-path"));
    let done = db.run(&["decay", "--ping-url", "secret-path"]).code(2);
    assert!(done.stderr().contains("--ping-url is not a URL") && !done.all().contains("secret-path"), "{}", done.all());
}

#[test]
fn the_shipped_alerts_fire_when_they_should_and_only_then() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/monitoring/alerts.test.yml");
    let tested = Command::new("promtool").args(["test", "rules", rules]).output();
    let tested = tested.expect("promtool runs; scripts/test installs it");
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
}

/// A rule over a metric that is not exported never fires.
#[test]
fn alerts_and_dashboard_ask_only_for_metrics_that_the_file_has() {
    let (db, metrics) = (Db::sqlite(), Metrics::new());
    metrics.run(&db, &["decay"]).code(0);
    let exported = fs::read_to_string(metrics.path()).expect("the file is there");
    for file in ["monitoring/alerts.yml", "monitoring/grafana.json"] {
        let text = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).expect("there");
        let names = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("nikita_jobs_"));
        for name in names {
            assert!(exported.contains(&format!("# TYPE {name} ")), "{file} asks for {name}");
        }
    }
}
