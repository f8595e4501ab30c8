//! Where settings come from: `.env`, `--env-file`, `*_FILE`, systemd's credentials, and the database that nobody named.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::bad_input::unprivileged;
use crate::support::JOBS;
use crate::support::bin::{Bin, command};

/// A folder to run in, which holds the databases that a run may choose.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    /// A file that sets `DATABASE_URL`.
    fn env_file(&self, file: &str, database: &str) {
        fs::write(self.path(file), format!("# a comment\nexport DATABASE_URL=\"{}\"\n", self.url(database))).unwrap();
    }

    /// A file that holds the URL and nothing else but a line's end.
    fn secret(&self, file: &str, database: &str) {
        let file = self.path(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, self.url(database) + "\n").unwrap();
    }

    fn command(&self, args: &[&str]) -> Bin {
        command(args).dir(self.0.path()).env("STATE_DIRECTORY", self.path("state"))
    }

    /// Runs it, and asserts which of the databases it has made.
    #[track_caller]
    fn uses(&self, bin: Bin, database: &str) {
        bin.done().code(0);
        let made = |name: &&str| self.path(name).exists();
        let known = ["flag", "variable", "dotenv", "named", "file", "credential", "state/nikita-jobs.sqlite"];
        assert_eq!(known.into_iter().filter(made).collect::<Vec<_>>(), [database]);
        fs::remove_file(self.path(database)).unwrap();
    }
}

#[test]
fn dotenv_is_read_from_the_working_directory() {
    let place = Place::new();
    place.env_file(".env", "dotenv");
    place.uses(place.command(&["decay"]), "dotenv");
    place.uses(place.command(&["decay"]).env("DATABASE_URL", place.url("variable")), "variable");
    // Any flag may stand in it.
    fs::write(place.path(".env"), "NIKITA_DECAY_WINDOW=never\n").unwrap();
    assert!(
        place
            .command(&["decay"])
            .done()
            .code(78)
            .error()
            .starts_with("NIKITA_DECAY_WINDOW=\"never\" is not a duration")
    );
}

#[test]
fn a_named_env_file_is_read_instead() {
    let place = Place::new();
    place.env_file(".env", "dotenv");
    place.env_file("my.env", "named");
    place.uses(place.command(&["decay", "--env-file", "my.env"]), "named");
    place.uses(place.command(&["decay", "--env-file=my.env"]), "named");
    place.uses(place.command(&["decay"]).env("NIKITA_ENV_FILE", "my.env"), "named");
    place.uses(place.command(&["decay", "--env-file=my.env"]).env("NIKITA_ENV_FILE", ".env"), "named");
    let bin = place.command(&["decay", "--env-file=my.env"]).env("DATABASE_URL", place.url("variable"));
    place.uses(bin, "variable");
}

#[test]
fn an_env_file_that_is_not_there_is_an_error_where_it_was_named() {
    let place = Place::new();
    let bins = [
        place.command(&["decay", "--env-file", "gone.env"]),
        place.command(&["decay", "--env-file=gone.env"]),
        place.command(&["decay"]).env("NIKITA_ENV_FILE", "gone.env"),
    ];
    for bin in bins {
        let done = bin.done().code(78);
        assert!(done.error().starts_with("the env file gone.env can't be read: "), "{}", done.error());
        assert!(done.stderr().contains("gone.env"), "{}", done.stderr());
        let result = done.json();
        for field in ["job", "status", "exit_code", "execution_id", "started_at", "duration_ms"] {
            assert!(result.as_object().unwrap().contains_key(field), "{field} in {result}");
        }
    }
    assert!(!place.path("state").exists(), "nothing has begun");
    place.uses(place.command(&["decay"]), "state/nikita-jobs.sqlite");
}

#[test]
fn a_named_file_that_is_wrong_is_an_error_that_does_not_quote_it() {
    let place = Place::new();
    for (text, said) in [
        (&b"hunter2 stands alone\n"[..], "has a line that is not NAME=value (line 1)"),
        (b"NIKITA_LEASE=90s\nPASSWORD='hunter2\n", "has a line that is not NAME=value: a quote is not closed (line 2)"),
        (b"=hunter2\n", "has a line that is not NAME=value (line 1)"),
        (b"DATABASE_URL=postgres://u:hunter2\0@h/d\n", "has a NUL byte in line 1"),
        (b"DATABASE_URL=postgres://u:hunter2\xff@h/d\n", "is not UTF-8 text in line 1"),
        (b"DATABASE\0URL=hunter2\n", "has a NUL byte in line 1"),
    ] {
        fs::write(place.path("my.env"), text).unwrap();
        let done = place.command(&["decay", "--env-file", "my.env"]).done().code(78);
        assert_eq!(done.error(), format!("the env file my.env {said}"));
        assert!(!done.all().contains("hunter2"), "{}", done.all());
    }
    for (file, said) in
        [(".", "can't be read: Is a directory"), ("/dev/zero", "can't be read: it is larger than 1 MiB")]
    {
        let done = place.command(&["decay", "--env-file", file]).done().code(78);
        assert!(done.error().starts_with(&format!("the env file {file} {said}")), "{}", done.error());
    }
    assert!(!place.path("state").exists(), "nothing has begun");
}

#[test]
fn an_unnamed_file_that_is_wrong_is_passed_over_with_a_warning() {
    type Make = fn(&Path);
    let makes: [(&str, Make); 6] = [
        ("another program's", |env| fs::write(env, "database:\n  url: hunter2\n").unwrap()),
        ("half of it is ours", |env| fs::write(env, "NIKITA_DECAY_WINDOW=never\nhunter2\n").unwrap()),
        ("NUL", |env| fs::write(env, "DATABASE_URL=hunter2\0").unwrap()),
        ("a folder", |env| fs::create_dir(env).unwrap()),
        ("a dangling link", |env| symlink("gone", env).unwrap()),
        ("a pipe", |env| assert!(Command::new("mkfifo").arg(env).status().unwrap().success())),
    ];
    for (what, make) in makes {
        let place = Place::new();
        make(&place.path(".env"));
        let done = place.command(&["decay"]).env("DATABASE_URL", place.url("variable")).done().code(0);
        assert!(done.stderr().contains("the env file .env is passed over: "), "{what}: {}", done.stderr());
        assert!(!done.all().contains("hunter2"), "{what}: {}", done.all());
        assert!(place.path("variable").exists(), "{what}");
        let looked = place.command(&["doctor"]).env("DATABASE_URL", place.url("variable")).done();
        assert!(looked.stdout().contains("the env file .env is passed over: "), "{what}: {}", looked.all());
        assert!(
            !looked.all().contains("hunter2") && !looked.stdout().contains("holds a secret"),
            "{what}: {}",
            looked.all()
        );
    }
}

/// Owner and mode of `.env`, who runs, and whether the file is read then.
#[test]
fn an_unnamed_file_of_another_user_is_not_read() {
    const NOBODY: u32 = 65534;
    let tools = TempDir::new().unwrap();
    fs::set_permissions(tools.path(), Permissions::from_mode(0o755)).unwrap();
    if fs::metadata(tools.path()).unwrap().uid() != 0 {
        // Only root can give a file away. What is our own is read: `dotenv_is_read_from_the_working_directory`.
        return;
    }
    for (owner, group, mode, by_root, read) in [
        (0, 0, 0o600, true, true),
        (0, 0, 0o664, true, true),
        (0, NOBODY, 0o664, true, false),
        (0, 0, 0o666, true, false),
        (NOBODY, NOBODY, 0o600, true, false),
        (NOBODY, NOBODY, 0o600, false, true),
        (NOBODY, NOBODY, 0o664, false, true),
        (0, 0, 0o644, false, true),
        (0, 0, 0o600, false, false),
        (1, 1, 0o644, false, false),
    ] {
        let place = Place::new();
        fs::set_permissions(place.0.path(), Permissions::from_mode(0o777)).unwrap();
        fs::write(place.path(".env"), "NIKITA_DECAY_WINDOW=never\n").unwrap();
        fs::set_permissions(place.path(".env"), Permissions::from_mode(mode)).unwrap();
        chown(place.path(".env"), Some(owner), Some(group)).unwrap();
        let bin = if by_root { command(&["decay"]) } else { unprivileged(tools.path(), &["decay"]) };
        let done = bin.dir(place.0.path()).env("STATE_DIRECTORY", place.path("state")).done();
        let case = format!("{owner} {group} {mode:o} by root {by_root}: {}", done.all());
        assert_eq!(done.exit(), Some(if read { 78 } else { 0 }), "{case}");
        assert_eq!(done.stderr().contains("the env file .env is passed over: "), !read, "{case}");
    }
}

#[test]
fn what_the_services_would_read_otherwise_is_said() {
    let place = Place::new();
    fs::write(place.path(".env"), "NIKITA_DECAY_WINDOW=5m # hunter2\n").unwrap();
    let done = place.command(&["decay"]).done().code(0);
    assert!(
        done.stderr().contains("the env file .env, line 1: the text after # is a comment here"),
        "{}",
        done.stderr()
    );
    assert!(!done.all().contains("hunter2"), "{}", done.all());
}

/// Every variable that a help page names, and those of secrets.
#[test]
fn a_variable_that_is_no_text_is_named_and_nothing_else_is_used_in_its_place() {
    let place = Place::new();
    let odd = OsStr::from_bytes(b"hunter2\xff");
    let commands: Vec<&str> = JOBS.into_iter().chain(["health", "stats", "status", "report"]).collect();
    let mut tried = 0;
    for name in commands {
        let help = command(&[name, "--help"]).done().stdout();
        let joined = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let variables = joined.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next());
        for variable in variables.filter(|it| *it != "NIKITA_ENV_FILE") {
            let bin = place.command(&[name]).args(if name == "report" { &["-o", "r.html"] } else { &[] });
            let done = bin.env(variable, odd).done();
            if name == "report" && variable == "NIKITA_REPORT_OUTPUT" {
                // The command line says it.
                continue;
            }
            assert_eq!(done.exit(), Some(78), "{name} {variable}: {}", done.all());
            assert_eq!(done.error(), format!("{variable} is not UTF-8 text"), "{name}");
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
    // It is set all the same, and no file's value takes its place.
    place.env_file(".env", "dotenv");
    let done = place.command(&["decay"]).env("DATABASE_URL", odd).done().code(78);
    assert_eq!(done.error(), "DATABASE_URL is not UTF-8 text");
    fs::remove_file(place.path(".env")).unwrap();
    let done = place.command(&["health"]).env("UNIFIED_PIPELINE_ROLLOUT_PCT", odd).done().code(78);
    assert_eq!(done.error(), "UNIFIED_PIPELINE_ROLLOUT_PCT is not UTF-8 text");
    assert!(!place.path("dotenv").exists());
    for variable in ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"] {
        let done = place.command(&["process-conversations"]).env(variable, odd).done().code(78);
        assert_eq!(done.error(), format!("{variable} is not UTF-8 text"));
    }
    let done = place.command(&["migrate"]).env("MIGRATION_DATABASE_URL", odd).done().code(78);
    assert_eq!(done.error(), "MIGRATION_DATABASE_URL is not UTF-8 text");
    assert!(!place.path("state").exists(), "nothing has begun");
}

/// What is left in an environment by a test must not charge for years ahead.
#[test]
fn no_variable_sets_the_clock() {
    let place = Place::new();
    let done = place.command(&["decay"]).env("NIKITA_NOW", "2099-01-01T00:00:00Z").done().code(0);
    assert!(!done.json()["started_at"].as_str().unwrap().starts_with("2099"), "{}", done.stdout());
}

#[test]
fn the_url_may_be_in_a_file_or_a_credential() {
    let place = Place::new();
    place.secret("secrets/url", "file");
    place.secret("credentials/DATABASE_URL", "credential");
    let plain = || place.command(&["decay"]);
    let credential = || plain().env("CREDENTIALS_DIRECTORY", place.path("credentials"));
    let file = || credential().env("DATABASE_URL_FILE", place.path("secrets/url"));
    let variable = || file().env("DATABASE_URL", place.url("variable"));
    // Each before the next.
    place.uses(variable().args(&["--database-url", &place.url("flag")]), "flag");
    place.uses(variable(), "variable");
    place.uses(file(), "file");
    place.uses(credential(), "credential");
    // A folder of credentials for others.
    place.uses(plain().env("CREDENTIALS_DIRECTORY", place.path("secrets")), "state/nikita-jobs.sqlite");
}

#[test]
fn a_secret_that_can_not_be_read_is_named_and_nothing_else_is_used_in_its_place() {
    let place = Place::new();
    fs::write(place.path("empty"), "\n").unwrap();
    fs::write(place.path("bad"), "mysql://root:hunter2@h/d\n").unwrap();
    fs::write(place.path("nul"), "sqlite:hunter2\0").unwrap();
    fs::write(place.path("long"), "hunter2".repeat(20_000)).unwrap();
    fs::write(place.path("odd"), b"hunter2\xff").unwrap();
    symlink("gone", place.path("dangling")).unwrap();
    for (file, said) in [
        ("gone", "{}: it can't be read (No such file"),
        ("dangling", "{}: it can't be read (No such file"),
        (".", "{}: it can't be read (Is a directory"),
        ("empty", "{}: it is empty"),
        ("nul", "{}: it contains a NUL byte"),
        ("long", "{}: it is larger than 64 KiB"),
        ("odd", "{}: it can't be read (stream did not contain valid UTF-8"),
        ("bad", "DATABASE_URL has an unknown scheme \"mysql\""),
    ] {
        let done = place.command(&["decay"]).env("DATABASE_URL_FILE", file).done().code(78);
        let said_of = said.replace("{}", &format!("DATABASE_URL_FILE names {file}"));
        assert!(done.error().starts_with(&said_of), "{}", done.error());
        assert!(!done.all().contains("hunter2"), "{}", done.all());
        if !["gone", "."].contains(&file) {
            // The same as a credential.
            let folder = place.path(&format!("credentials-{file}"));
            fs::create_dir(&folder).unwrap();
            fs::rename(place.path(file), folder.join("DATABASE_URL")).unwrap();
            let done = place.command(&["decay"]).env("CREDENTIALS_DIRECTORY", &folder).done().code(78);
            let path = folder.join("DATABASE_URL");
            let said_of = said.replace("{}", &format!("the credential {}", path.display()));
            assert!(done.error().starts_with(&said_of), "{}", done.error());
            assert!(!done.all().contains("hunter2"), "{}", done.all());
        }
    }
    assert!(!place.path("state").exists(), "nothing has begun");
}

#[test]
fn credentials_that_can_not_be_looked_for_are_an_error() {
    let place = Place::new();
    fs::write(place.path("file"), "").unwrap();
    for folder in ["gone", "file"] {
        let done = place.command(&["decay"]).env("CREDENTIALS_DIRECTORY", folder).done().code(78);
        let said = format!("CREDENTIALS_DIRECTORY names {folder}: it can't be entered (");
        assert!(done.error().starts_with(&said), "{}", done.error());
    }
    // Another user's.
    let tools = TempDir::new().unwrap();
    fs::set_permissions(tools.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(place.0.path(), Permissions::from_mode(0o777)).unwrap();
    fs::create_dir(place.path("closed")).unwrap();
    fs::set_permissions(place.path("closed"), Permissions::from_mode(0o000)).unwrap();
    let bin = unprivileged(tools.path(), &["decay"]).dir(place.0.path()).env("STATE_DIRECTORY", place.path("state"));
    let done = bin.env("CREDENTIALS_DIRECTORY", place.path("closed")).done().code(78);
    assert!(done.error().contains("closed: it can't be entered (Permission denied"), "{}", done.error());
    assert!(!place.path("state").exists(), "nothing has begun");
}

#[test]
fn a_database_that_nobody_named_is_in_the_state_folder() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let in_home = || command(&["decay"]).dir(home).env("HOME", home.join("home"));
    let xdg = || in_home().env("XDG_STATE_HOME", home.join("xdg"));
    let folders = std::env::join_paths([home.join("first"), home.join("second")]).unwrap();
    let cases = [
        (in_home(), "home/.local/state/nikita-jobs"),
        (in_home().env("XDG_STATE_HOME", ""), "home/.local/state/nikita-jobs"),
        (xdg(), "xdg/nikita-jobs"),
        (xdg().env("STATE_DIRECTORY", home.join("systemd")), "systemd"),
        (xdg().env("STATE_DIRECTORY", &folders), "first"),
    ];
    for (bin, folder) in cases {
        bin.done().code(0);
        assert!(home.join(folder).join("nikita-jobs.sqlite").is_file(), "{folder}");
        let _ = fs::remove_dir_all(home.join(folder));
    }
    let done = command(&["decay"]).dir(home).env_remove("HOME").done().code(78);
    assert_eq!(done.error(), "no folder for the database is known: set DATABASE_URL, STATE_DIRECTORY or HOME");
    let done = in_home().env("STATE_DIRECTORY", "/dev/null/state").done().code(78);
    assert!(done.error().starts_with("the state folder /dev/null/state can't be made: "), "{}", done.error());
}
