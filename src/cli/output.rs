//! stdout: exactly one result, as JSON or as a table; with `-q` only after a failure.

use std::env;
use std::ffi::OsStr;
use std::io::{ErrorKind, IsTerminal};
use std::process::ExitCode;

use clap::ArgMatches;

use super::args::common::{FORMAT, QUIET, RECOVERED_EXIT_CODE, SKIP_EXIT_CODE, verbosity};
use super::args::exec::PASS_STDOUT;
use super::harmless::Harmless;
use super::raw::{self, Problem};
use super::{human, stderr, stdout, terminal};
use crate::config::parse;
use crate::domain::exit::Exit;
use crate::domain::result::JobResult;
use crate::run::lifecycle::Ended;
use crate::run::warnings;

/// How a process prints its result.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    /// `-q`.
    pub quiet: bool,
    /// The number of `-v`.
    pub verbosity: u8,
    skip_exit: u8,
    recovered_exit: u8,
    /// Whether stdout belongs to the command that `exec` runs, so that the result goes to stderr.
    beside: bool,
}

impl Output {
    /// From a command's arguments.
    pub fn read(matches: &ArgMatches) -> Result<Self, Problem> {
        let mut output = Self::from_environment();
        if let Some(json) = FORMAT.find(matches)? {
            output.json = json;
        }
        output.quiet = QUIET.is_on(matches);
        output.verbosity = verbosity(matches);
        if let Some(code) = SKIP_EXIT_CODE.find(matches)? {
            output.skip_exit = code;
        }
        if let Some(code) = RECOVERED_EXIT_CODE.find(matches)? {
            output.recovered_exit = code;
        }
        output.beside = PASS_STDOUT.is_on(matches);
        Ok(output)
    }

    /// Where the arguments have not been parsed, or can't be.
    pub fn from_environment() -> Self {
        let named = raw::early("--format").or_else(|| env::var_os("NIKITA_FORMAT"));
        let named = named.as_deref().and_then(OsStr::to_str).and_then(|text| parse::is_json(text).ok());
        let json = named.unwrap_or_else(|| !std::io::stdout().is_terminal());
        Self { json, quiet: false, verbosity: 0, skip_exit: Exit::Skipped.code(), recovered_exit: 0, beside: false }
    }

    /// Whether the result is printed as JSON.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result of a command and returns its exit code.
    pub async fn print(self, ended: &Ended) -> ExitCode {
        let code = match ended.exit {
            Exit::Skipped => self.skip_exit,
            Exit::Success if ended.result.recovered() > 0 => self.recovered_exit,
            exit => exit.code(),
        };
        let fine = ended.exit == Exit::Skipped || code == Exit::Success.code();
        if fine && self.quiet {
            return code.into();
        }
        let said = if self.json {
            let mut result = warnings::complete(&ended.result);
            // The code that the shell sees, with `--skip-exit-code` and `--recovered-exit-code` applied.
            result.common.exit_code = code;
            Harmless::json(&result.to_json())
        } else {
            Harmless::text(human::render(&ended.result).trim_end()).ended()
        };
        if self.beside {
            stderr::write(&said);
            return code.into();
        }
        taken(stdout::write_unless_stopped(&said).await, code)
    }

    /// Prints a failure from before the log has started.
    pub fn print_early(self, ended: &Ended) -> ExitCode {
        complain(ended.result.common.error.as_ref().map_or("", |error| &error.message));
        if self.json && !stdout::is_used() {
            return self.deliver(&ended.result, ended.exit.code());
        }
        ended.exit.into()
    }

    /// Writes a result to stdout and returns the exit code.
    #[expect(clippy::unused_self, reason = "stdout belongs to the output")]
    pub fn deliver(self, result: &JobResult, code: u8) -> ExitCode {
        taken(stdout::write(&Harmless::json(&warnings::complete(result).to_json())), code)
    }

    /// Whether the log's reader sees the result as well, so that the log need not repeat why a run failed.
    pub fn tells_the_reader_of_the_log(self) -> bool {
        !self.json && !self.quiet && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Prints a note that is not part of the result, such as the database's name, if a person watches a terminal.
    pub fn note(self, text: &str) {
        if !self.json && !self.quiet && std::io::stderr().is_terminal() {
            stderr::write(&on_stderr(text));
        }
    }
}

/// A result that can't be written to stdout is a failure, whatever the run did (spec 01).
fn taken(written: std::io::Result<()>, code: u8) -> ExitCode {
    match written {
        Ok(()) => code.into(),
        Err(error) => {
            complain(&format!("stdout did not take the result: {error}"));
            Exit::Failure.into()
        }
    }
}

/// Prints a text that is not a result, such as a manual page, and returns the exit code.
pub fn print_text(text: &Harmless) -> ExitCode {
    match stdout::write(text) {
        Ok(()) => Exit::Success.into(),
        // The reader has closed the pipe, as `| head` does: no error message, but the exit code shows it to a script.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Failure.into(),
        failed => taken(failed, Exit::Success.code()),
    }
}

/// An error on stderr, before the log has started or after it has ended.
pub fn complain(message: &str) {
    stderr::write(&on_stderr(&format!("error: {message}")));
}

/// Fits a text to the terminal, if stderr is one. In the journal it is an error, which `journalctl -p err` shows.
fn on_stderr(text: &str) -> Harmless {
    match terminal::width_of_stderr() {
        Some(width) => Harmless::styled(&terminal::fit(text, width)).ended(),
        None if terminal::is_journal() => Harmless::styled(&format!("<3>{text}")).ended(),
        None => Harmless::styled(text).ended(),
    }
}

/// Prints clap's error about an invalid command line.
pub fn complain_of_usage(error: &clap::Error) {
    let said = error.render();
    let said = if has_colour(&std::io::stderr()) { said.ansi().to_string() } else { said.to_string() };
    stderr::write(&on_stderr(said.trim_end()));
}

/// Whether to colour what is written to this stream.
pub fn has_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !terminal::is_dumb() && env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}
