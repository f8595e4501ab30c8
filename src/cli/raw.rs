//! Why a command can't start, and flags that are needed before clap has parsed the command line.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::run::error::RunError;

/// Why a command can't start.
#[derive(Debug)]
pub enum Problem {
    /// The command line is invalid: exit 2.
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

/// The value of a flag such as `--format` on this process's command line, even if clap has not parsed that line, or rejects it.
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
