//! `health --on-change FILE`: reports a change of the verdict once, so that a timer can alert (spec 06, "Units").
//!
//! The file keeps two words: the verdict last reported and the verdict last seen. A change is reported once two checks in a row agree on
//! it, so that one refused connection alerts nobody.

use std::fs;
use std::path::Path;

use super::replace_file;
use crate::domain::exit::Exit;
use crate::domain::result::{Change, Own};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, failed};

/// The content of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    reported: String,
    seen: String,
}

impl Kept {
    /// A missing or empty file counts as healthy.
    fn read(text: &str) -> Self {
        let mut words = text.split_whitespace().map(str::to_owned);
        let reported = words.next().unwrap_or_else(|| "healthy".to_owned());
        Self { seen: words.next().unwrap_or_else(|| reported.clone()), reported }
    }

    /// The content after a check with this verdict, and whether the check reports a change.
    fn after(&self, verdict: &str) -> (Self, bool) {
        let changed = verdict != self.reported && verdict == self.seen;
        let reported = if changed { verdict } else { &self.reported };
        (Self { reported: reported.to_owned(), seen: verdict.to_owned() }, changed)
    }
}

/// Ends a check with `--on-change`: adds `changed` and `was` to the result, and exits 3 if the verdict has changed, for better or worse,
/// else 0. A failed check, for example because the database is unavailable, counts as a verdict as well. One that a signal has ended found
/// nothing, and changes nothing.
pub fn settle(ended: Ended, file: &Path) -> Ended {
    if matches!(ended.exit, Exit::Interrupted | Exit::Terminated) {
        return ended;
    }
    let before = Kept::read(&fs::read_to_string(file).unwrap_or_default());
    let (kept, changed) = before.after(verdict(&ended));
    if let Err(why) = replace_file::replace(file, format!("{} {}\n", kept.reported, kept.seen).as_bytes()) {
        let message =
            format!("--on-change {} can't be written: {why}. Name a file in an existing folder", file.display());
        return failed("health", &RunError::Configuration(message));
    }
    let exit = if changed { Exit::Partial } else { Exit::Success };
    let mut result = ended.result;
    let change = Change { changed, was: before.reported };
    match &mut result.own {
        Own::Health(found) => found.change = Some(change),
        other => *other = change.into(),
    }
    result.common.exit_code = exit.code();
    Ended { result, exit }
}

fn verdict(ended: &Ended) -> &'static str {
    match ended.exit {
        Exit::Success => "healthy",
        Exit::Partial => "degraded",
        Exit::Failure => "unhealthy",
        Exit::Unavailable => "unavailable",
        _ => "misconfigured",
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    /// The indices of the verdicts at which a change is reported.
    fn reported(verdicts: &[&str]) -> Vec<usize> {
        let mut kept = Kept::read("");
        let mut reported = Vec::new();
        for (index, verdict) in verdicts.iter().enumerate() {
            let (next, changed) = kept.after(verdict);
            kept = next;
            reported.extend(changed.then_some(index));
        }
        reported
    }

    #[test]
    fn a_change_is_reported_once_when_two_checks_agree() {
        assert_eq!(reported(&["healthy", "healthy"]), [] as [usize; 0]);
        assert_eq!(reported(&["unavailable", "unavailable", "unavailable", "healthy", "healthy", "healthy"]), [1, 4]);
    }

    #[test]
    fn a_single_bad_check_reports_nothing() {
        assert_eq!(reported(&["healthy", "unavailable", "healthy", "healthy"]), [] as [usize; 0]);
        assert_eq!(reported(&["degraded", "unavailable", "degraded", "unavailable"]), [] as [usize; 0]);
    }

    #[test]
    fn an_empty_file_counts_as_healthy() {
        assert_eq!(Kept::read(" \n"), Kept { reported: "healthy".to_owned(), seen: "healthy".to_owned() });
    }
}
