//! `health --on-change FILE`: speaks when the verdict changes, once, so that a timer can alert (spec 06, "Units").
//!
//! The file keeps two words: the verdict that was told last, and the one that was seen last. A change is told when two looks in a row agree
//! on it, so that one refused connection alerts nobody.

use std::fs;
use std::path::Path;

use super::replace_file;
use crate::domain::exit::Exit;
use crate::domain::result::{Change, Own};
use crate::run::error::RunError;
use crate::run::lifecycle::{Ended, failed};

/// What the file keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    told: String,
    seen: String,
}

impl Kept {
    /// Without a file, all was well.
    fn read(text: &str) -> Self {
        let mut words = text.split_whitespace().map(str::to_owned);
        let told = words.next().unwrap_or_else(|| "healthy".to_owned());
        Self { seen: words.next().unwrap_or_else(|| told.clone()), told }
    }

    /// What is kept after a look, and whether it tells of a change.
    fn look(&self, verdict: &str) -> (Self, bool) {
        let changed = verdict != self.told && verdict == self.seen;
        let told = if changed { verdict } else { &self.told };
        (Self { told: told.to_owned(), seen: verdict.to_owned() }, changed)
    }
}

/// The end of a look with `--on-change`: `changed` and `was` stand in the result. It exits 0 while the verdict is the one that was told, and 3
/// where it has changed, to better or worse. A look that fails, such as one at a database that is away, is a verdict, too.
pub fn settle(ended: Ended, file: &Path) -> Ended {
    let before = Kept::read(&fs::read_to_string(file).unwrap_or_default());
    let (kept, changed) = before.look(verdict(&ended));
    if let Err(why) = replace_file::replace(file, format!("{} {}\n", kept.told, kept.seen).as_bytes()) {
        let message =
            format!("--on-change {} can't be written: {why}. Name a file in a folder that is there", file.display());
        return failed("health", &RunError::Configuration(message));
    }
    let exit = if changed { Exit::Partial } else { Exit::Success };
    let mut result = ended.result;
    let change = Change { changed, was: before.told };
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

    /// The verdicts in order, and after which of them a change is told.
    fn told(verdicts: &[&str]) -> Vec<usize> {
        let mut kept = Kept::read("");
        let mut told = Vec::new();
        for (index, verdict) in verdicts.iter().enumerate() {
            let (next, changed) = kept.look(verdict);
            kept = next;
            told.extend(changed.then_some(index));
        }
        told
    }

    #[test]
    fn a_change_is_told_once_when_two_looks_agree() {
        assert_eq!(told(&["healthy", "healthy"]), [] as [usize; 0]);
        assert_eq!(told(&["unavailable", "unavailable", "unavailable", "healthy", "healthy", "healthy"]), [1, 4]);
    }

    #[test]
    fn a_single_bad_look_tells_nothing() {
        assert_eq!(told(&["healthy", "unavailable", "healthy", "healthy"]), [] as [usize; 0]);
        assert_eq!(told(&["degraded", "unavailable", "degraded", "unavailable"]), [] as [usize; 0]);
    }

    #[test]
    fn an_empty_file_counts_as_all_well() {
        assert_eq!(Kept::read(" \n"), Kept { told: "healthy".to_owned(), seen: "healthy".to_owned() });
    }
}
