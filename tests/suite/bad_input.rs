//! Bad input (spec 07), as far as it concerns the command line and the database: each with the sentence that a person
//! sees, and nothing lost.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::contract::has_common_fields;
use crate::on_every_database;
use crate::support::bin::{self, Bin, Done, command, program};
use crate::support::db::Db;
use crate::support::seed::{NOW, Player, at};

/// A command on a database that is not there, and must not be afterwards.
fn untouched(args: &[&str], settings: &[(&str, &str)]) -> Done {
    let folder = TempDir::new().unwrap();
    let bin = command(args).dir(folder.path()).env("STATE_DIRECTORY", folder.path().join("state"));
    let done = settings.iter().fold(bin, |bin, (name, value)| bin.env(name, value)).done();
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{args:?} {settings:?} has made a database");
    done
}

/// Each flag with its variable, values that are wrong, and what is said about them.
const WRONG: &[(&str, &str, &str, &[&str], &str)] = &[
    ("decay", "window", "NIKITA_DECAY_WINDOW", &["soon", "-5m", "5", ""], "is not a duration such as 50m"),
    ("decay", "window", "NIKITA_DECAY_WINDOW", &["11y", "99999999999y"], "must be shorter than ten years"),
    ("decay", "lease", "NIKITA_LEASE", &["0s"], "must be longer than zero"),
    ("decay", "lease", "NIKITA_LEASE", &["1999ms"], "must be at least 2s"),
    ("decay", "lease", "NIKITA_LEASE", &["-90s", "long"], "is not a duration such as 50m"),
    ("decay", "batch", "NIKITA_DECAY_BATCH", &["0", "-1", "4294967296"], "must be from 1 to 2147483647"),
    ("decay", "batch", "NIKITA_DECAY_BATCH", &["all", "1.5", "", "99999999999999999999"], "is not a whole number"),
    ("decay", "chunk", "NIKITA_DECAY_CHUNK", &["0", "-1", "1000001"], "must be from 1 to 1000000"),
    (
        "decay",
        "grace-hours",
        "NIKITA_DECAY_GRACE_HOURS",
        &["8", "0,16,24,48,72", "-8,16,24,48,72", "8,16,24,48,72,96", "a,b,c,d,e", "8,16,24,48,8761"],
        "is not five",
    ),
    (
        "decay",
        "rates",
        "NIKITA_DECAY_RATES",
        &["0.8", "0,0.6,0.4,0.3,0.2", "-0.8,0.6,0.4,0.3,0.2", "0.805,0.6,0.4,0.3,0.2", "100.01,0.6,0.4,0.3,0.2"],
        "is not five",
    ),
    (
        "decay",
        "max-points",
        "NIKITA_DECAY_MAX_POINTS",
        &["0", "-20", "many", "0.001"],
        "is not a positive number of points",
    ),
    ("decay", "skip-exit-code", "NIKITA_SKIP_EXIT_CODE", &["256", "-1", "none"], "is not an exit code from 0 to 255"),
    ("decay", "format", "NIKITA_FORMAT", &["xml", "JSON"], "is neither human nor json"),
    ("decay", "now", "", &["noon", "2026-11-18"], "is not RFC 3339"),
    ("process-conversations", "window", "NIKITA_PROCESS_WINDOW", &["-1s"], "is not a duration such as 50m"),
    ("process-conversations", "batch", "NIKITA_PROCESS_BATCH", &["0", "-3"], "must be from 1 to 1000000"),
    ("process-conversations", "concurrency", "NIKITA_PROCESS_CONCURRENCY", &["0", "201"], "must be from 1 to 200"),
    ("process-conversations", "timeout", "NIKITA_PROCESS_TIMEOUT", &["0s"], "must be longer than zero"),
    (
        "process-conversations",
        "timeout",
        "NIKITA_PROCESS_TIMEOUT",
        &["-1s", "1 fortnight"],
        "is not a duration such as 50m",
    ),
    ("process-conversations", "session-timeout", "NIKITA_SESSION_TIMEOUT", &["0m"], "must be longer than zero"),
    ("process-conversations", "grace", "NIKITA_GRACE", &["-1s"], "is not a duration such as 50m"),
    (
        "process-conversations",
        "pipeline-enabled",
        "UNIFIED_PIPELINE_ENABLED",
        &["maybe", ""],
        "is neither true nor false",
    ),
    ("process-conversations", "rehearse", "NIKITA_REHEARSE", &["dinner=fail"], "names no stage"),
];

#[test]
fn a_wrong_value_on_the_command_line_names_the_flag_and_exits_2() {
    for (job, flag, _, values, said) in WRONG {
        for value in *values {
            let done = untouched(&[job, &format!("--{flag}"), value], &[]).code(2);
            let result = done.json();
            assert_eq!((result["status"].as_str(), result["error"]["kind"].as_str()), (Some("error"), Some("usage")));
            assert!(done.error().starts_with(&format!("--{flag} {value:?} ")), "{}", done.error());
            assert!(done.error().contains(said) && done.stderr().contains(said), "{}", done.all());
            assert!(done.stderr().contains(&format!("Usage: nikita-jobs {job}")), "{}", done.stderr());
        }
    }
}

#[test]
fn a_wrong_value_in_the_environment_names_the_variable_and_exits_78() {
    // No variable sets the clock.
    for (job, _, variable, values, said) in WRONG.iter().filter(|wrong| !wrong.2.is_empty()) {
        for value in *values {
            let done = untouched(&[job], &[(variable, value)]).code(78);
            let result = has_common_fields(&done, job, "error", 78);
            assert_eq!(result["error"]["kind"], "configuration");
            assert!(done.error().starts_with(&format!("{variable}={value:?} ")), "{}", done.error());
            assert!(done.error().contains(said) && done.stderr().contains(said), "{}", done.all());
        }
    }
}

#[test]
fn a_switch_takes_yes_or_no_and_nothing_else() {
    for (variable, value) in [("NIKITA_DRY_RUN", "perhaps"), ("NIKITA_QUIET", "2"), ("NIKITA_FORCE", "maybe")] {
        let done = untouched(&["decay"], &[(variable, value)]).code(78);
        assert_eq!(done.error(), format!("{variable}={value:?} is neither true nor false"));
    }
    let done = untouched(&["decay"], &[("NIKITA_VERBOSE", "very")]).code(78);
    assert_eq!(done.error(), "NIKITA_VERBOSE=\"very\" is not a number from 0 to 255");
}

#[test]
fn the_variable_that_is_named_is_the_commands_own() {
    let both = [("NIKITA_DECAY_BATCH", "0"), ("NIKITA_PROCESS_BATCH", "0")];
    assert!(untouched(&["decay"], &both).code(78).error().starts_with("NIKITA_DECAY_BATCH=\"0\" "));
    assert!(untouched(&["process-conversations"], &both).code(78).error().starts_with("NIKITA_PROCESS_BATCH=\"0\" "));
}

#[test]
fn a_command_line_that_makes_no_sense_exits_2() {
    for (args, said) in [
        (&["decay", "--no-such-flag"][..], "unexpected argument '--no-such-flag' found"),
        (&["decay", "-x"], "unexpected argument '-x' found"),
        (&["decay", "now"], "unexpected argument 'now' found"),
        (&["decay", "--lease", "5s", "--lease", "6s"], "the argument '--lease <DUR>' cannot be used multiple times"),
        (&["decay", "--batch", "5", "--batch=6"], "the argument '--batch <N>' cannot be used multiple times"),
        (&["decay", "--batch"], "a value is required for '--batch <N>' but none was supplied"),
        (&["decay", "--env-file"], "a value is required for '--env-file <PATH>' but none was supplied"),
        (&["decay", "--allow-overlap"], "unexpected argument '--allow-overlap' found"),
        (&["migrate", "--force"], "unexpected argument '--force' found"),
        (&["decay", "migrate"], "unexpected argument 'migrate' found"),
        (&["decays"], "unrecognized subcommand 'decays'"),
        (&["--batch", "5"], "unexpected argument '--batch' found"),
        (&[], "a command is missing"),
    ] {
        let done = untouched(args, &[]).code(2);
        assert_eq!(done.json()["error"]["kind"], "usage");
        assert_eq!(done.json()["exit_code"], 2);
        assert!(done.error().starts_with(said), "{}", done.error());
        assert!(done.stderr().contains("Usage: nikita-jobs") || said.starts_with("a value is"), "{}", done.stderr());
    }
}

/// clap itself counts a variable as given whatever its value is.
#[test]
fn a_variable_that_has_no_effect_is_no_usage_error() {
    const ID: &str = "3f0e4c1c-5d2b-4a55-8f6c-2f8f2a1b7c9d";
    let db = Db::sqlite();
    db.run(&["migrate"]).code(0);
    for off in ["false", "0", "no", ""] {
        db.command(&["process-conversations", "--force"]).env("NIKITA_REPROCESS", off).done().code(0);
        db.command(&["retry"]).env("NIKITA_RETRY_FAILED", off).done().code(2);
    }
    for (args, variable, value) in [
        (&["retry", ID][..], "NIKITA_RETRY_FAILED", "false"),
        (&["retry", ID], "NIKITA_RETRY_FAILED", "true"),
        (&["retry", ID], "NIKITA_RETRY_SINCE", "1h"),
        (&["status", ID], "NIKITA_STATUS_SINCE", "1d"),
        (&["status"], "NIKITA_STATUS_HOST", "here"),
    ] {
        let without = db.run(args).exit();
        assert_eq!(db.command(args).env(variable, value).done().exit(), without, "{args:?} {variable}={value}");
        assert_ne!(without, Some(2), "{args:?}");
    }
    let done = db.command(&["process-conversations"]).env("NIKITA_REPROCESS", "true").done().code(78);
    assert_eq!(done.error(), "NIKITA_REPROCESS needs --id");
    for (args, said) in [
        (&["process-conversations", "--reprocess"][..], "--reprocess needs --id"),
        (&["retry"], "it needs the conversations' ids, or --failed"),
        (&["retry", "--failed", ID], "--failed is in place of ids"),
        (&["retry", "--since", "1h", ID], "--since needs --failed"),
        (&["status", "--since", "1h", ID], "--since lists runs"),
        (&["status", "--job", "decay"], "--job needs --since"),
        (
            &["status", "--since", "1h", "--state", "succeded"],
            "--state \"succeded\" is not running, completed or failed",
        ),
        (&["exec", "--", "true"], "the following required arguments were not provided: --job <NAME>"),
    ] {
        let done = db.run(args).code(2);
        assert!(done.error().starts_with(said), "{args:?}: {}", done.error());
    }
}

#[test]
fn a_usage_error_is_no_json_for_whoever_asked_for_text() {
    for args in [
        &["decay", "--format", "human", "--window", "soon"][..],
        &["decay", "--format", "human", "--no-such-flag"],
        &["decay", "--no-such-flag", "--format=human"],
    ] {
        let done = untouched(args, &[]).code(2);
        assert_eq!(done.stdout(), "", "{args:?}");
        assert!(done.stderr().starts_with("error: "), "{}", done.stderr());
    }
}

/// Runs decay with this URL.
fn with_url(url: &str) -> Done {
    untouched(&["decay", "-vv"], &[("DATABASE_URL", url)])
}

#[test]
fn a_url_that_makes_no_sense_exits_78() {
    for (url, said) in [
        ("", "DATABASE_URL is empty; use postgres://… or sqlite:PATH"),
        ("  ", "DATABASE_URL is empty; use postgres://… or sqlite:PATH"),
        ("mysql://root:hunter2@h/d", "DATABASE_URL has an unknown scheme \"mysql\"; use postgres://… or sqlite:PATH"),
        ("hunter2@h/d", "DATABASE_URL has an unknown scheme \"no scheme\""),
        ("hunter2hunter2hunter2:x@h", "DATABASE_URL has an unknown scheme; use"),
        ("sqlite:", "DATABASE_URL names no SQLite file; use sqlite:PATH"),
        ("sqlite::memory:", "DATABASE_URL names no SQLite file; use sqlite:PATH"),
        ("postgres://u:hunter2@h:port/d", "DATABASE_URL can't be read: invalid port number"),
        ("postgres://u:hunter2@h:99999/d", "DATABASE_URL can't be read: invalid port number"),
        ("postgres://u:hunter2@h/d?sslmode=odd", "DATABASE_URL can't be read: "),
        ("postgres://u:hunter2@[::1/d", "DATABASE_URL can't be read: invalid IPv6 address"),
    ] {
        let done = with_url(url).code(78);
        has_common_fields(&done, "decay", "error", 78);
        assert!(done.error().starts_with(said), "{url}: {}", done.error());
        assert!(!done.all().contains("hunter2"), "{}", done.all());
    }
    // On the command line it is a usage error, as any other value.
    let done = untouched(&["decay", "--database-url", "mysql://root:hunter2@h/d"], &[]).code(2);
    assert!(done.error().starts_with("--database-url has an unknown scheme \"mysql\"; use"), "{}", done.error());
    assert!(!done.all().contains("hunter2"), "{}", done.all());
}

#[test]
fn a_server_that_does_not_answer_exits_69_soon() {
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [
        (refusing.to_string(), "Connection refused"),
        (silent.local_addr().unwrap().to_string(), "no answer within"),
        ("no-such-host.invalid:5432".to_owned(), "failed to lookup address"),
    ];
    std::thread::scope(|scope| {
        for (address, said) in &addresses {
            scope.spawn(move || {
                #[expect(clippy::disallowed_methods, reason = "how long the binary makes a person wait")]
                let began = Instant::now();
                let done = with_url(&format!("postgres://u:hunter2@{address}/d")).code(69);
                assert!(began.elapsed() < Duration::from_secs(15), "{:?} for {address}", began.elapsed());
                let result = has_common_fields(&done, "decay", "error", 69);
                assert_eq!(result["error"]["kind"], "database_unavailable");
                let start = format!("database unavailable: can't connect to {address}: ");
                assert!(done.error().starts_with(&start) && done.error().contains(said), "{}", done.error());
                assert!(!done.all().contains("hunter2"), "{}", done.all());
            });
        }
    });
}

/// A socket is of this machine: no question for TLS goes before the start-up message, and an error names it by its path.
#[test]
fn a_socket_is_asked_at_once_and_named() {
    const PROTOCOL_3: [u8; 4] = [0, 3, 0, 0];
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(".s.PGSQL.5433");
    let server = UnixListener::bind(&path).unwrap();
    let folder = folder.path().display().to_string();
    for url in [
        format!("postgres://u:hunter2@{}:5433/d", folder.replace('/', "%2F")),
        format!("postgres://u:hunter2@localhost:5433/d?host={folder}"),
        "postgres:///d?user=u".to_owned(),
    ] {
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                let mut start = [0; 8];
                server.accept().unwrap().0.read_exact(&mut start).unwrap();
                start
            });
            // Where the URL names no host, these do.
            let settings = [("DATABASE_URL", url.as_str()), ("PGHOST", &folder), ("PGPORT", "5433")];
            let done = untouched(&["decay"], &settings).code(69);
            let start = format!("database unavailable: can't connect to {}: ", path.display());
            assert!(done.error().starts_with(&start), "{}", done.error());
            assert_eq!(asked.join().unwrap()[4..], PROTOCOL_3, "{url}");
        });
    }
}

#[test]
fn a_password_or_a_database_that_the_server_does_not_know_exits_78() {
    let db = Db::postgres_empty();
    let (credentials, place) = db.url.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
    let (user, password) = credentials.split_once(':').unwrap();
    let server = place.split_once('/').unwrap().0;
    for (url, said) in [
        (
            format!("postgres://{user}:hunter2@{place}"),
            "the database refuses the user or the password: password authentication failed",
        ),
        (
            format!("postgres://nobody:hunter2@{place}"),
            "the database refuses the user or the password: password authentication failed",
        ),
        (
            format!("postgres://{credentials}@{server}/no_such"),
            "database \"no_such\" does not exist (SQLSTATE 3D000). Check the last part of DATABASE_URL",
        ),
    ] {
        for job in ["decay", "migrate"] {
            let done = untouched(&[job, "-vv"], &[("DATABASE_URL", &url)]).code(78);
            assert!(done.error().starts_with(said), "{}", done.error());
            assert!(!done.all().contains("hunter2") && !done.all().contains(password), "{}", done.all());
        }
    }
}

#[test]
fn an_sqlite_path_that_can_not_be_opened_is_named() {
    let folder = TempDir::new().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let file = inside("file");
    fs::write(&file, "").unwrap();
    for path in [format!("{file}/x.sqlite"), "/dev/null/x.sqlite".into(), inside("none/x.sqlite"), inside("")] {
        let done = with_url(&format!("sqlite:{path}")).code(78);
        has_common_fields(&done, "decay", "error", 78);
        let said = format!("{path}: the SQLite file can't be opened");
        assert!(done.error().starts_with(&said) && done.error().contains("Check the path"), "{}", done.error());
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "only what was there");
}

#[test]
fn a_corrupt_file_is_refused_and_left_as_it_is() {
    let db = Db::sqlite();
    let whole = fs::read(db.file()).unwrap();
    let mut torn = whole.clone();
    torn[4096..].fill(0xAA);
    let mut headless = whole;
    headless[..16].fill(0xAA);
    for bytes in [torn, headless, b"This is a letter to my aunt, and no database at all.\n".repeat(100)] {
        fs::write(db.file(), &bytes).unwrap();
        for job in ["decay", "migrate"] {
            let done = db.run(&[job]).code(78);
            let said = format!("{}: the SQLite file is not a database, or is damaged", db.file().display());
            assert!(
                done.error().starts_with(&said) && done.error().contains("Restore it from a backup"),
                "{}",
                done.error()
            );
        }
        assert!(fs::read(db.file()).unwrap() == bytes, "nothing was written");
    }
}

/// The binary as a user whom permissions bind: root gives its own up.
pub fn unprivileged(folder: &Path, args: &[&str]) -> Bin {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return command(args);
    }
    // Where the build may be in a folder that only root can enter.
    let copy = folder.join("nikita-jobs");
    if !copy.exists() && fs::hard_link(bin::path(), &copy).is_err() {
        fs::copy(bin::path(), &copy).unwrap();
    }
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    program(Path::new("setpriv")).args(&nobody).args(&[copy.to_str().unwrap()]).args(args)
}

#[test]
fn a_read_only_file_is_refused_and_left_as_it_is() {
    let db = Db::sqlite();
    Player { last_interaction: at(-9 * 3600), ..Player::default() }.insert(&db);
    db.execute("pragma wal_checkpoint(truncate)");
    let folder = db.file().parent().unwrap().to_owned();
    let tools = TempDir::new().unwrap();
    fs::set_permissions(tools.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(db.file(), fs::Permissions::from_mode(0o444)).unwrap();
    let before = fs::read(db.file()).unwrap();
    // First the file alone, then its folder, too.
    for mode in [0o777, 0o555] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        let done = unprivileged(tools.path(), &["decay", "--now", NOW]).env("DATABASE_URL", &db.url).done().code(78);
        assert!(
            done.error().contains("can't be written") || done.error().contains("can't be opened"),
            "{}",
            done.error()
        );
        assert!(done.error().contains("Check the "), "{}", done.error());
        assert!(fs::read(db.file()).unwrap() == before);
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(db.file(), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(db.run(&["decay", "--now", NOW]).code(0).json()["decayed"], 1);
}

/// A disk that is full after a megabyte: no write beyond it succeeds, as the kernel would say it.
const FULL_DISK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    struct stat is;
    if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && at + (off64_t)size > atoll(getenv("DISK_SIZE"))) {
        errno = ENOSPC;
        return -1;
    }
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    return real(fd, bytes, size, at);
}
"#;

#[test]
fn a_full_disk_exits_69_and_half_writes_nothing() {
    let db = Db::sqlite();
    for _ in 0..200 {
        Player { last_interaction: at(-9 * 3600), ..Player::default() }.insert(&db);
    }
    let folder = TempDir::new().unwrap();
    let (source, library) = (folder.path().join("full.c"), folder.path().join("full.so"));
    fs::File::create(&source).unwrap().write_all(FULL_DISK.as_bytes()).unwrap();
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(&library).arg(&source).arg("-ldl").status();
    assert!(built.expect("cc, which Rust links with").success());
    let on_a_full_disk = |size: u32| {
        let bin = db.command(&["decay", "--now", NOW]).env("LD_PRELOAD", &library);
        bin.env("DISK_SIZE", size.to_string()).done()
    };
    // Enough for the lease, and not for the charges; then not even for the index of the write-ahead log.
    // More than once, because which connection a run goes on with is chance: SQLite has rolled back one of them by itself.
    let full = (40_000, "no space is left for the SQLite file");
    for (size, said) in [full, full, full, full, full, (8_192, "Check that its disk has space left")] {
        db.execute("delete from job_leases");
        let done = on_a_full_disk(size).code(69);
        assert!(done.error().contains(said), "{size}: {}", done.error());
        assert_eq!(db.value("pragma integrity_check"), "ok");
        assert_eq!(db.value("select count(*) from users where relationship_score = 60"), "200");
        assert_eq!(db.value("select count(*) from score_history"), "0");
    }
    // When there is space again, the work is done at once: the lease was given back, or runs out.
    db.execute("update job_leases set expires_at = '2026-01-01T00:00:00.000000Z'");
    assert_eq!(on_a_full_disk(u32::MAX).code(0).json()["decayed"], 200);
}

on_every_database! {
    fn wrong_settings_are_found_before_a_run_begins(db) {
        for args in [&["decay", "--window", "x"][..], &["decay", "--rates", "1"], &["process-conversations", "--timeout", "0s"]] {
            db.run(args).code(2);
        }
        assert_eq!(db.value("select count(*) from job_executions"), "0");
    }
}
