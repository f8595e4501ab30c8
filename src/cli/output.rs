//! stdout: exactly one result, as JSON or as a table; nothing with `-q` unless something went wrong.

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

/// How a process speaks.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    /// `-q`.
    pub quiet: bool,
    /// How many `-v`.
    pub verbosity: u8,
    skip_exit: u8,
    recovered_exit: u8,
    /// Whether stdout is a command's, and the result goes to stderr.
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

    /// Before, or without, arguments that can be read.
    pub fn from_environment() -> Self {
        let named = raw::early("--format").or_else(|| env::var_os("NIKITA_FORMAT"));
        let named = named.as_deref().and_then(OsStr::to_str).and_then(|text| parse::is_json(text).ok());
        let json = named.unwrap_or_else(|| !std::io::stdout().is_terminal());
        Self { json, quiet: false, verbosity: 0, skip_exit: Exit::Skipped.code(), recovered_exit: 0, beside: false }
    }

    /// Whether the result is to be JSON.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result of a command and gives its exit code.
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
            let mut result = ended.result.clone();
            // The code that the shell will see.
            result.common.exit_code = code;
            Harmless::json(&result.to_value())
        } else {
            Harmless::text(human::render(&ended.result).trim_end()).ended()
        };
        if self.beside {
            stderr::write(&said);
            return code.into();
        }
        taken(stdout::write_unless_stopped(&said).await, code)
    }

    /// Prints a failure from before the log was there.
    pub fn print_early(self, ended: &Ended) -> ExitCode {
        complain(ended.result.common.error.as_ref().map_or("", |error| &error.message));
        if self.json && !stdout::is_used() {
            return self.deliver(&ended.result, ended.exit.code());
        }
        ended.exit.into()
    }

    /// Writes a result to stdout, and gives the exit code.
    #[expect(clippy::unused_self, reason = "stdout belongs to the output")]
    pub fn deliver(self, result: &JobResult, code: u8) -> ExitCode {
        taken(stdout::write(&Harmless::json(&result.to_value())), code)
    }

    /// Whether the result itself tells whoever reads the log why a run failed, so that the log need not.
    pub fn tells_the_reader_of_the_log(self) -> bool {
        !self.json && !self.quiet && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Says to a person at a terminal what is no part of the result, such as which database was looked at.
    pub fn note(self, text: &str) {
        if !self.json && !self.quiet && std::io::stderr().is_terminal() {
            stderr::write(&on_stderr(text));
        }
    }
}

/// A result that stdout does not take is a failure, whatever the run did (spec 01).
fn taken(written: std::io::Result<()>, code: u8) -> ExitCode {
    match written {
        Ok(()) => code.into(),
        Err(error) => {
            complain(&format!("stdout did not take the result: {error}"));
            Exit::Failure.into()
        }
    }
}

/// Prints a text that is no result, such as a manual page, and gives the exit code.
pub fn print_text(text: &Harmless) -> ExitCode {
    match stdout::write(text) {
        Ok(()) => Exit::Success.into(),
        // Whoever reads has seen enough: `| head`. A script may still want to know.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Failure.into(),
        failed => taken(failed, Exit::Success.code()),
    }
}

/// An error in stderr, where there is no log yet, or no more.
pub fn complain(message: &str) {
    stderr::write(&on_stderr(&format!("error: {message}")));
}

/// A text as lines that fit, where stderr is a terminal.
fn on_stderr(text: &str) -> Harmless {
    match terminal::width_of_stderr() {
        Some(width) => Harmless::styled(&terminal::fit(text, width)).ended(),
        None => Harmless::styled(text).ended(),
    }
}

/// What clap says about a command line that is wrong.
pub fn complain_of_usage(error: &clap::Error) {
    let said = error.render();
    let said = if has_colour(&std::io::stderr()) { said.ansi().to_string() } else { said.to_string() };
    stderr::write(&on_stderr(said.trim_end()));
}

/// Whether to colour what is written to this stream.
pub fn has_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !terminal::is_dumb() && env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}
