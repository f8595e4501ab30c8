//! Where settings come from: `.env`, `--env-file`, `*_FILE`, systemd's credentials, and the database that nobody named.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

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
fn a_malformed_line_is_an_error_that_does_not_quote_it() {
    let place = Place::new();
    for line in ["hunter2 stands alone", "PASSWORD='hunter2", "=hunter2"] {
        fs::write(place.path(".env"), format!("NIKITA_LEASE=90s\n{line}\n")).unwrap();
        let done = place.command(&["decay"]).done().code(78);
        assert!(
            done.error().starts_with("the env file .env has a line that is not NAME=value"),
            "{line}: {}",
            done.error()
        );
        assert!(!done.all().contains("hunter2"), "{}", done.all());
    }
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
fn a_secret_that_can_not_be_read_is_named() {
    let place = Place::new();
    fs::write(place.path("empty"), "\n").unwrap();
    fs::write(place.path("bad"), "mysql://root:hunter2@h/d\n").unwrap();
    for (file, said) in [
        ("gone", "DATABASE_URL_FILE names gone: it can't be read (No such file"),
        ("empty", "DATABASE_URL_FILE names empty: it is empty"),
        ("bad", "DATABASE_URL has an unknown scheme \"mysql\""),
    ] {
        let done = place.command(&["decay"]).env("DATABASE_URL_FILE", file).done().code(78);
        assert!(done.error().starts_with(said), "{}", done.error());
        assert!(!done.all().contains("hunter2"), "{}", done.all());
    }
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
