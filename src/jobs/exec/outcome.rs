//! A command's outcome.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use crate::domain::result::{ErrorBody, ErrorKind};

/// A command's outcome.
pub(super) enum Outcome {
    Ended(ExitStatus),
    Interrupted,
    TimedOut,
    NotStarted(String),
}

impl Outcome {
    pub(super) fn complaint(&self, name: &str, timeout: Option<Duration>) -> Option<ErrorBody> {
        let (kind, message) = match self {
            Self::Ended(status) if status.success() => return None,
            Self::Interrupted => return None,
            Self::Ended(status) => match (status.code(), status.signal()) {
                (Some(code), _) => (ErrorKind::CommandFailed, format!("{name} ended with exit code {code}")),
                (None, signal) => {
                    (ErrorKind::CommandFailed, format!("{name} was ended by signal {}", signal.unwrap_or_default()))
                }
            },
            Self::TimedOut => {
                let timeout = humantime::format_duration(timeout.unwrap_or_default());
                (ErrorKind::TimedOut, format!("{name} took longer than --timeout ({timeout}) and was ended"))
            }
            Self::NotStarted(why) => (ErrorKind::Configuration, why.clone()),
        };
        Some(ErrorBody::new(kind, message))
    }
}
