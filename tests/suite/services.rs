//! One database for the operator and the services of a host, and no file made by what only looks (spec 06).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::bad_input::unprivileged;
use crate::support::bin::{Bin, command};

/// A host, as far as commands look at it, and a working directory and a home on it.
struct Host(TempDir);

impl Host {
    fn new() -> Self {
        let host = Self(TempDir::new().unwrap());
        for folder in ["etc/nikita-jobs", "etc/credstore", "var/lib", "home", "work"] {
            fs::create_dir_all(host.path(folder)).unwrap();
        }
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    fn with(self, file: &str, text: &str) -> Self {
        fs::write(self.path(file), text).unwrap();
        self
    }

    fn on(&self, bin: Bin) -> Bin {
        bin.env("NIKITA_HOST_ROOT", self.0.path()).env("HOME", self.path("home")).dir(&self.path("work"))
    }

    fn command(&self, args: &[&str]) -> Bin {
        self.on(command(args))
    }

    /// Runs it, and asserts which of the databases it has made.
    #[track_caller]
    fn uses(&self, bin: Bin, database: &str) {
        let done = bin.done().code(0);
        let known = ["by-env", "by-credential", "by-hand", "var/lib/nikita-jobs/nikita-jobs.sqlite", HOME];
        let made: Vec<_> = known.into_iter().filter(|name| self.path(name).exists()).collect();
        assert_eq!(made, [database], "{}", done.stderr());
        fs::remove_file(self.path(database)).unwrap();
    }
}

const HOME: &str = "home/.local/state/nikita-jobs/nikita-jobs.sqlite";

#[test]
fn what_the_services_use_is_used_where_nothing_else_is_named() {
    let host = Host::new();
    host.uses(host.command(&["decay"]), HOME);
    fs::create_dir(host.path("var/lib/nikita-jobs")).unwrap();
    host.uses(host.command(&["decay"]), "var/lib/nikita-jobs/nikita-jobs.sqlite");
    let url = host.url("by-credential");
    let host = host.with("etc/credstore/nikita-jobs.DATABASE_URL", &url);
    host.uses(host.command(&["decay"]), "by-credential");
    let line = format!("# settings\nDATABASE_URL=\"{}\"\n", host.url("by-env"));
    let host = host.with("etc/nikita-jobs/env", &line);
    host.uses(host.command(&["decay"]), "by-env");
    // What is named, in each way there is.
    let by_hand = host.url("by-hand");
    host.uses(host.command(&["decay", "--database-url", &by_hand]), "by-hand");
    host.uses(host.command(&["decay"]).env("DATABASE_URL", &by_hand), "by-hand");
    fs::write(host.path("file"), &by_hand).unwrap();
    host.uses(host.command(&["decay"]).env("DATABASE_URL_FILE", host.path("file")), "by-hand");
    fs::create_dir(host.path("credentials")).unwrap();
    fs::write(host.path("credentials/DATABASE_URL"), &by_hand).unwrap();
    host.uses(host.command(&["decay"]).env("CREDENTIALS_DIRECTORY", host.path("credentials")), "by-hand");
    let host = host.with("work/.env", &format!("DATABASE_URL={by_hand}\n"));
    host.uses(host.command(&["decay"]), "by-hand");
    fs::remove_file(host.path("work/.env")).unwrap();
    // A unit has a folder of its own, and its own way to settings.
    let state = host.path("state");
    host.command(&["decay"]).env("STATE_DIRECTORY", &state).done().code(0);
    assert!(state.join("nikita-jobs.sqlite").is_file());
}

#[test]
fn other_settings_of_the_services_count_too_and_a_variable_wins() {
    let host = Host::new().with("etc/nikita-jobs/env", "NIKITA_DECAY_WINDOW=never\n");
    let done = host.command(&["decay"]).done().code(78);
    assert!(done.error().starts_with("NIKITA_DECAY_WINDOW=\"never\" is not a duration"), "{}", done.error());
    host.uses(host.command(&["decay"]).env("NIKITA_DECAY_WINDOW", "5m"), HOME);
    // An env file that is named takes its place.
    let host = host.with("work/my.env", "NIKITA_DECAY_WINDOW=5m\n");
    host.uses(host.command(&["decay", "--env-file", "my.env"]), HOME);
    // The demo is none of the services'.
    host.command(&["demo", "--path", "demo.sqlite"]).done().code(0);
}

#[test]
fn what_this_user_may_not_read_of_the_services_is_said() {
    let host = Host::new().with("etc/nikita-jobs/env", "DATABASE_URL=hunter2\n");
    let tools = TempDir::new().unwrap();
    fs::set_permissions(tools.path(), Permissions::from_mode(0o755)).unwrap();
    for (path, mode) in [("", 0o755), ("home", 0o777), ("work", 0o777)] {
        fs::set_permissions(host.path(path), Permissions::from_mode(mode)).unwrap();
    }
    for path in ["etc/nikita-jobs/env", "etc/credstore"] {
        fs::set_permissions(host.path(path), Permissions::from_mode(0o000)).unwrap();
    }
    let done = host.on(unprivileged(tools.path(), &["decay"])).done().code(0);
    assert!(done.stderr().contains("etc/nikita-jobs/env is passed over: Permission denied"), "{}", done.stderr());
    assert!(done.stderr().contains("nikita-jobs.DATABASE_URL can't be read by this user"), "{}", done.stderr());
    assert!(host.path(HOME).exists());
}

/// Every command that only looks, and every dry run, where there is no database yet.
#[test]
fn what_only_looks_makes_no_file() {
    let id = "019b0000-0000-7000-8000-000000000000";
    for args in [
        &["decay", "--dry-run"][..],
        &["process-conversations", "--dry-run"],
        &["process-conversations", "--dry-run", "--id", id],
        &["recover", "--dry-run"],
        &["recover", "--dry-run", "conversation", id],
        &["scan-stuck", "--dry-run"],
        &["scan-stuck", "--audit", id],
        &["scan-stuck", "--execution", id],
        &["health"],
        &["stats"],
        &["status"],
        &["status", id],
        &["report", "-o", "report.html"],
        &["prompt", "render", "--user", id],
        &["migrate", "--plan"],
        &["doctor"],
    ] {
        let host = Host::new();
        let done = host.command(args).done();
        assert!(matches!(done.exit(), Some(0 | 1)), "{args:?}: {}", done.all());
        assert!(!host.path("home/.local").exists(), "{args:?}");
        if !["migrate", "doctor"].contains(&args[0]) {
            assert!(done.stderr().contains("there is no database yet"), "{args:?}: {}", done.stderr());
        }
        // Nor at a path that is named.
        let done = host.command(args).env("DATABASE_URL", host.url("by-hand")).done();
        assert!(matches!(done.exit(), Some(0 | 1)), "{args:?}: {}", done.all());
        assert!(!host.path("by-hand").exists(), "{args:?}");
    }
}
