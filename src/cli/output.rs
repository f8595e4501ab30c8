//! stdout: exactly one result, as JSON or as a table; nothing with `-q` unless something went wrong.

use std::borrow::Cow;
use std::env;
use std::io::{IsTerminal, Write, stdout};
use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::{Value, json};

use super::human;
use super::raw::{self, Problem};
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
        let named = raw::early("--format").or_else(|| env::var("NIKITA_FORMAT").ok());
        let named = named.and_then(|text| format(&text).ok());
        let json = named.unwrap_or_else(|| !stdout().is_terminal());
        Self { json, quiet: false, verbosity: 0, skip_exit: Exit::Skipped.code() }
    }

    /// Whether the result is to be JSON.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Prints the result of a command and gives its exit code.
    pub fn print(self, name: &str, ended: &Ended) -> ExitCode {
        let fine = matches!(ended.exit, Exit::Success | Exit::Skipped);
        let code = if ended.exit == Exit::Skipped { self.skip_exit } else { ended.exit.code() };
        if !(fine && self.quiet) {
            if self.json {
                self.write_line(&with_code(&ended.result, code).to_string());
            } else {
                self.write_line(human::render(name, &ended.result).trim_end());
            }
        }
        code.into()
    }

    /// Prints a failure from before the log was there.
    #[expect(clippy::print_stderr, reason = "the log has not begun")]
    pub fn print_early(self, ended: &Ended) -> ExitCode {
        let message = ended.result.pointer("/error/message").and_then(|it| it.as_str()).unwrap_or_default();
        eprintln!("error: {message}");
        if self.json {
            self.write_line(&ended.result.to_string());
        }
        ended.exit.into()
    }

    /// Writes a line to stdout. Nobody is left to tell where that fails.
    #[expect(clippy::unused_self, reason = "stdout belongs to the output")]
    pub fn write_line(self, line: &str) {
        let _ = writeln!(stdout(), "{line}");
    }
}

/// The result with the exit code that the shell will see.
fn with_code(result: &Value, code: u8) -> Cow<'_, Value> {
    if result["exit_code"] == code {
        return Cow::Borrowed(result);
    }
    let mut result = result.clone();
    result["exit_code"] = json!(code);
    Cow::Owned(result)
}

fn format(text: &str) -> Result<bool, String> {
    match text {
        "json" => Ok(true),
        "human" => Ok(false),
        _ => Err("is neither human nor json".to_owned()),
    }
}
