//! The binary under test, as a shell script would run it.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::rc::Rc;

use serde_json::Value;
use tempfile::TempDir;

#[allow(unused_imports, reason = "not every program of tests uses both")]
pub use super::wait::{eventually, within};

/// A command line that has not been started.
pub struct Bin {
    command: Command,
    /// A folder that is to be there until [`Bin::done`] has ended.
    kept: Option<Rc<TempDir>>,
}

/// The binary with these arguments, in an environment without settings of the caller's.
pub fn command(args: &[&str]) -> Bin {
    let mut bin = program(path());
    bin.command.args(args);
    bin
}

/// The binary under test.
pub fn path() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("nikita-jobs")
}

/// The binary as a person at a terminal would run it. What it writes to either stream is on stdout.
pub fn on_a_terminal(args: &str) -> Bin {
    let mut bin = program(Path::new("script"));
    bin.command.args(["-qec", &format!("'{}' {args}", path().display()), "/dev/null"]).env("TERM", "xterm");
    bin
}

/// Another program, which will run the binary, in an environment without settings of the caller's.
pub fn program(program: &Path) -> Bin {
    let mut command = Command::new(program);
    let ours = |name: &str| {
        [
            "NIKITA_",
            "DATABASE_URL",
            "MIGRATION_DATABASE_URL",
            "UNIFIED_PIPELINE_",
            "AUDIT_",
            "ANTHROPIC_",
            "OPENAI_",
            "OTEL_",
            "TRACE",
        ]
        .iter()
        .any(|it| name.starts_with(it))
            || ["CREDENTIALS_DIRECTORY", "STATE_DIRECTORY", "JOURNAL_STREAM", "XDG_STATE_HOME"].contains(&name)
    };
    for (name, _) in std::env::vars() {
        if ours(&name) {
            command.env_remove(name);
        }
    }
    // No settings of this machine's services either.
    command.stdin(Stdio::null()).env("NIKITA_HOST_ROOT", "/nowhere");
    Bin { command, kept: None }
}

impl Bin {
    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub fn keeping(mut self, folder: &Rc<TempDir>) -> Self {
        self.kept = Some(Rc::clone(folder));
        self
    }

    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Its stdout, in place of a pipe of ours.
    pub fn stdout(mut self, stream: impl Into<Stdio>) -> Self {
        self.command.stdout(stream);
        self
    }

    /// The same for its stderr.
    pub fn stderr(mut self, stream: impl Into<Stdio>) -> Self {
        self.command.stderr(stream);
        self
    }

    /// Runs it to its end.
    pub fn done(mut self) -> Done {
        Done(self.command.output().expect("the binary starts"))
    }

    /// Starts it, with its streams in the files `out` and `err` of a folder: no pipe of ours can fill up while it is frozen.
    pub fn start_into(mut self, folder: &Path) -> Running {
        let file = |name: &str| std::fs::File::create(folder.join(name)).expect("the folder can be written");
        Running(Some(self.command.stdout(file("out")).stderr(file("err")).spawn().expect("the binary starts")))
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        Running(Some(self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")))
    }
}

/// A process that is running; killed where a test forgets it.
pub struct Running(Option<Child>);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.as_ref().expect("running").id()
    }

    /// Sends a signal by its name, such as `KILL`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status();
        assert!(status.expect("kill runs").success(), "kill -{name}");
    }

    pub fn is_running(&mut self) -> bool {
        self.ended().is_none()
    }

    /// How it ended; none while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.as_mut().expect("running").try_wait().expect("waits")
    }

    /// Waits for its end.
    pub fn done(mut self) -> Done {
        Done(self.0.take().expect("running").wait_with_output().expect("waits"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A process that has ended.
pub struct Done(Output);

impl Done {
    /// Both streams.
    pub fn all(&self) -> String {
        self.stdout() + &self.stderr()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "stdout: {}\nstderr: {}", self.stdout(), self.stderr());
        self
    }

    /// The exit code; none where a signal ended it.
    pub fn exit(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// Whether a signal ended it.
    pub fn was_killed(&self) -> bool {
        self.0.status.code().is_none()
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// The result: exactly one JSON value, on one line.
    #[track_caller]
    pub fn json(&self) -> Value {
        let stdout = self.stdout();
        assert_eq!(stdout.matches('\n').count(), 1, "one line: {stdout}\nstderr: {}", self.stderr());
        let result: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
        if !result["status"].is_null() {
            super::schema::check(&result);
        }
        result
    }

    /// The message of a failure.
    #[track_caller]
    pub fn error(&self) -> String {
        self.json()["error"]["message"].as_str().expect("an error message").to_owned()
    }
}
