//! stdout: exactly one result, as JSON or as a table; nothing with `-q` unless something went wrong.

use std::env;
use std::ffi::OsStr;
use std::io::{ErrorKind, IsTerminal};
use std::process::ExitCode;

use clap::ArgMatches;

use super::raw::{self, Problem};
use super::{human, stderr, stdout};
use crate::domain::exit::Exit;
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
}

impl Output {
    /// From a command's arguments.
    pub fn read(matches: &ArgMatches) -> Result<Self, Problem> {
        let mut output = Self::from_environment();
        if let Some(json) = raw::value(matches, "format", format)? {
            output.json = json;
        }
        output.quiet = raw::is_on(matches, "quiet");
        output.verbosity = matches.try_get_one::<u8>("verbose").ok().flatten().copied().unwrap_or_default();
        let code = |text: &str| text.parse::<u8>().map_err(|_| "is not an exit code from 0 to 255".to_owned());
        if let Some(code) = raw::value(matches, "skip-exit-code", code)? {
            output.skip_exit = code;
        }
        Ok(output)
    }

    /// Before, or without, arguments that can be read.
    pub fn from_environment() -> Self {
        let named = raw::early("--format").or_else(|| env::var_os("NIKITA_FORMAT"));
        let named = named.as_deref().and_then(OsStr::to_str).and_then(|text| format(text).ok());
        let json = named.unwrap_or_else(|| !std::io::stdout().is_terminal());
        Self { json, quiet: false, verbosity: 0, skip_exit: Exit::Skipped.code() }
    }

    /// Whether the result is to be JSON.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result of a command and gives its exit code.
    pub async fn print(self, ended: &Ended) -> ExitCode {
        let fine = matches!(ended.exit, Exit::Success | Exit::Skipped);
        let code = if ended.exit == Exit::Skipped { self.skip_exit } else { ended.exit.code() };
        if fine && self.quiet {
            return code.into();
        }
        let said = if self.json {
            let mut result = ended.result.clone();
            // The code that the shell will see.
            result.common.exit_code = code;
            result.to_value().to_string()
        } else {
            human::render(&ended.result).trim_end().to_owned()
        };
        taken(stdout::write_unless_stopped((said + "\n").as_bytes()).await, code)
    }

    /// Prints a failure from before the log was there.
    pub fn print_early(self, ended: &Ended) -> ExitCode {
        complain(ended.result.common.error.as_ref().map_or("", |error| &error.message));
        if self.json && !stdout::is_used() {
            return self.deliver(&ended.result.to_value().to_string(), ended.exit.code());
        }
        ended.exit.into()
    }

    /// Writes a line to stdout, and gives the exit code.
    #[expect(clippy::unused_self, reason = "stdout belongs to the output")]
    pub fn deliver(self, line: &str, code: u8) -> ExitCode {
        taken(stdout::write(format!("{line}\n").as_bytes()), code)
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
pub fn print_text(text: &[u8]) -> ExitCode {
    match stdout::write(text) {
        Ok(()) => Exit::Success.into(),
        // Whoever reads has seen enough: `| head`. A script may still want to know.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Failure.into(),
        failed => taken(failed, Exit::Success.code()),
    }
}

/// An error in stderr, where there is no log yet, or no more.
pub fn complain(message: &str) {
    stderr::write(format!("error: {message}\n").as_bytes());
}

/// Whether to colour what is written to this stream.
pub fn has_colour(stream: &impl IsTerminal) -> bool {
    let is = |name: &str, value: &str| env::var_os(name).is_some_and(|it| it == value);
    stream.is_terminal() && !is("TERM", "dumb") && env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}

fn format(text: &str) -> Result<bool, String> {
    match text {
        "json" => Ok(true),
        "human" => Ok(false),
        _ => Err("is neither human nor json".to_owned()),
    }
}
