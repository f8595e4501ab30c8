//! Checked access to raw arguments. A wrong value on the command line is a usage error; the same one in the environment is a
//! configuration error that names the variable (spec 01).

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::config::parse;
use crate::run::error::RunError;

/// Why a command can't start.
#[derive(Debug)]
pub enum Problem {
    /// The command line is wrong: exit 2.
    Usage(String),
    /// Anything else, with its own exit code.
    Run(RunError),
}

impl<E: Into<RunError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

impl Problem {
    /// A configuration error.
    pub fn configuration(message: String) -> Self {
        Self::Run(RunError::Configuration(message))
    }
}

/// The text of an argument, from wherever it came.
pub fn text<'a>(matches: &'a ArgMatches, id: &str) -> Option<&'a str> {
    matches.try_get_one::<String>(id).ok().flatten().map(String::as_str)
}

/// Whether a switch is on.
pub fn is_on(matches: &ArgMatches, id: &str) -> bool {
    matches.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or_default()
}

/// An argument's value, checked by `parse`.
pub fn value<T>(
    matches: &ArgMatches,
    id: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    let Some(text) = text(matches, id) else { return Ok(None) };
    parse(text).map(Some).map_err(|why| problem(matches, id, text, &why))
}

/// The value of an argument that has a default.
pub fn required<T>(matches: &ArgMatches, id: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, Problem> {
    value(matches, id, parse)?.ok_or_else(|| Problem::Usage(format!("--{id} needs a value")))
}

/// The application's own name of a setting of ours.
const ROLLOUT_OF_THE_APPLICATION: &str = "UNIFIED_PIPELINE_ROLLOUT_PCT";

/// The share of players; under the application's name, too, where ours says nothing.
pub fn rollout(matches: &ArgMatches) -> Result<u8, Problem> {
    let is_ours = matches.value_source("rollout-percent").is_some_and(|it| it != ValueSource::DefaultValue);
    match env::var(ROLLOUT_OF_THE_APPLICATION) {
        Ok(text) if !is_ours => parse::percent(&text)
            .map_err(|why| Problem::configuration(format!("{ROLLOUT_OF_THE_APPLICATION}={text:?} {why}"))),
        _ => required(matches, "rollout-percent", parse::percent),
    }
}

/// The sentence for a value that is wrong, by where it came from.
pub fn problem(matches: &ArgMatches, id: &str, text: &str, why: &str) -> Problem {
    wrong(matches, id, super::args::variable_of(matches, id), text, why)
}

/// The same, for whoever knows its variable.
pub fn wrong(matches: &ArgMatches, id: &str, variable: &str, text: &str, why: &str) -> Problem {
    match matches.value_source(id) {
        Some(ValueSource::EnvVariable) => Problem::configuration(format!("{variable}={text:?} {why}")),
        _ => Problem::Usage(format!("--{id} {text:?} {why}")),
    }
}

/// What a flag such as `--format` is on this process's command line, before, or without, that line being understood.
pub fn early(flag: &str) -> Option<OsString> {
    value_of(flag, env::args_os().skip(1))
}

fn value_of(flag: &str, mut args: impl Iterator<Item = OsString>) -> Option<OsString> {
    while let Some(arg) = args.next() {
        if arg == "--" {
            return None;
        }
        if arg == flag {
            return args.next();
        }
        let value = arg.as_bytes().strip_prefix(flag.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
        if let Some(value) = value {
            return Some(OsStr::from_bytes(value).to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn finds_a_flag_in_both_spellings_and_not_behind_a_double_dash() {
        let named = |args: &[&str]| value_of("--env-file", args.iter().map(Into::into));
        assert_eq!(named(&["decay", "--env-file", "a"]), Some("a".into()));
        assert_eq!(named(&["decay", "--env-file=b", "-q"]), Some("b".into()));
        assert_eq!(named(&["decay", "--env-files=b"]), None);
        assert_eq!(named(&["decay", "--", "--env-file=b"]), None);
    }
}
