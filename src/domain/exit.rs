//! The exit codes (spec 01). `--help`, the man page and docs/reference.md print their table from this enum; a test compares the
//! README's.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// The run did its work, or there was nothing to do, or a dry run.
    Success = 0,
    /// The run failed.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The run committed its work, but at least one item ended in a terminal failure.
    Partial = 3,
    /// The database or the model provider can't be reached.
    Unavailable = 69,
    /// A bug of ours.
    Internal = 70,
    /// Skipped: inside the idempotency window, another run holds the lock, or the pipeline is switched off.
    Skipped = 75,
    /// Configuration, secret or schema version is wrong.
    Configuration = 78,
    /// Ended by SIGINT after a clean drain.
    Interrupted = 130,
    /// Ended by SIGTERM after a clean drain.
    Terminated = 143,
}

impl Exit {
    /// All of them, ascending.
    pub const ALL: [Self; 10] = [
        Self::Success,
        Self::Failure,
        Self::Usage,
        Self::Partial,
        Self::Unavailable,
        Self::Internal,
        Self::Skipped,
        Self::Configuration,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in the words of the contract.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success: the run did its work, or there was nothing to do, or a dry run",
            Self::Failure => "the run failed",
            Self::Usage => "usage error",
            Self::Partial => "partial: the run committed its work, but at least one item ended in a terminal failure",
            Self::Unavailable => "database or model provider unavailable",
            Self::Internal => "internal bug",
            Self::Skipped => {
                "skipped: inside the idempotency window, another run holds the lock, or the pipeline is switched off"
            }
            Self::Configuration => "configuration, secret or schema version is wrong",
            Self::Interrupted => "ended by SIGINT after a clean drain",
            Self::Terminated => "ended by SIGTERM after a clean drain",
        }
    }

    /// The code of a command with several checks, from the codes of the failed ones: 69 if all are outages, which pass by themselves,
    /// otherwise 78; success without any.
    #[must_use]
    pub fn merged(faults: impl IntoIterator<Item = Self>) -> Self {
        faults.into_iter().fold(Self::Success, |worst, fault| match (worst, fault) {
            (Self::Configuration, _) => Self::Configuration,
            (worst, Self::Success) => worst,
            (_, Self::Unavailable) => Self::Unavailable,
            _ => Self::Configuration,
        })
    }

    /// The table, one code per line.
    #[must_use]
    pub fn table() -> String {
        Self::ALL.iter().fold(String::new(), |mut table, exit| {
            let _ = writeln!(table, "{:>5}  {}", exit.code(), exit.meaning());
            table
        })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::Exit;

    #[test]
    fn an_outage_counts_only_alone() {
        use Exit::{Configuration, Failure, Success, Unavailable};
        assert_eq!(Exit::merged([]), Success);
        assert_eq!(Exit::merged([Success, Success]), Success);
        assert_eq!(Exit::merged([Unavailable, Success, Unavailable]), Unavailable);
        assert_eq!(Exit::merged([Unavailable, Configuration]), Configuration);
        assert_eq!(Exit::merged([Failure]), Configuration);
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(faults in proptest::collection::vec(select(&Exit::ALL[..]), 0..6)) {
            let merged = Exit::merged(faults.clone());
            prop_assert_eq!(merged, Exit::merged(faults.iter().rev().copied()));
            prop_assert!([Exit::Success, Exit::Unavailable, Exit::Configuration].contains(&merged));
            prop_assert_eq!(merged == Exit::Success, faults.iter().all(|it| *it == Exit::Success));
        }
    }
}
