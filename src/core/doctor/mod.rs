//! The checks of `doctor` (spec 01). Pure: observations come in, checks and an exit code come out.
//!
//! [`judge`] and [`surroundings`] judge; [`cron`] and [`timer`] read schedules, whose arithmetic is in [`rhythm`].

use crate::domain::exit::Exit;
use crate::domain::result::{CheckEntry, CheckStatus, Status};

pub mod cron;
pub mod judge;
pub mod rhythm;
pub mod surroundings;
pub mod timer;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Ok,
    /// The jobs run, but it needs attention.
    Warning,
    /// At least one job can't run, and would exit with this code.
    Problem(Exit),
    /// Not checked, because an earlier check failed or it was not requested.
    Skipped,
}

impl Mark {
    /// Its word in results.
    #[must_use]
    pub const fn word(self) -> CheckStatus {
        match self {
            Self::Ok => CheckStatus::Ok,
            Self::Warning => CheckStatus::Warning,
            Self::Problem(_) => CheckStatus::Problem,
            Self::Skipped => CheckStatus::Skipped,
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, `topic.thing`. Part of the public interface; several checks can have the same name.
    pub name: &'static str,
    /// Its outcome.
    pub mark: Mark,
    /// The finding, a sentence without its full stop.
    pub message: String,
    /// The remedy.
    pub remedy: Option<String>,
}

impl Check {
    /// All is well.
    #[must_use]
    pub fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, mark: Mark::Ok, message: message.into(), remedy: None }
    }

    /// All is well, but there is something to know.
    #[must_use]
    pub fn remark(name: &'static str, message: impl Into<String>, remedy: &str) -> Self {
        Self { remedy: Some(remedy.to_owned()), ..Self::ok(name, message) }
    }

    /// It needs attention.
    #[must_use]
    pub fn warning(name: &'static str, message: impl Into<String>, remedy: &str) -> Self {
        Self { mark: Mark::Warning, ..Self::remark(name, message, remedy) }
    }

    /// Something is wrong with the configuration.
    #[must_use]
    pub fn problem(name: &'static str, message: impl Into<String>, remedy: &str) -> Self {
        Self { mark: Mark::Problem(Exit::Configuration), ..Self::remark(name, message, remedy) }
    }

    /// A job would end with this error, which says what is wrong and usually, in a last sentence, what to do. `otherwise` is the
    /// remedy if it does not.
    #[must_use]
    pub fn failed(name: &'static str, exit: Exit, said: &str, otherwise: &str) -> Self {
        let advice = said.rsplit_once(". ").filter(|(_, advice)| advice.starts_with(char::is_uppercase));
        let (message, remedy) = advice.unwrap_or((said, otherwise));
        Self { mark: Mark::Problem(exit), ..Self::remark(name, message, remedy) }
    }

    /// Its entry in the result.
    #[must_use]
    pub fn entry(self) -> CheckEntry {
        CheckEntry { name: self.name, status: self.mark.word(), message: self.message, remedy: self.remedy }
    }

    /// It was not checked, and why.
    #[must_use]
    pub fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { mark: Mark::Skipped, ..Self::ok(name, why) }
    }
}

/// The `status` of the contract and the exit code, from all checks.
#[must_use]
pub fn verdict(checks: &[Check]) -> (Status, Exit) {
    let faults = checks.iter().filter_map(|check| match check.mark {
        Mark::Problem(exit) => Some(exit),
        _ => None,
    });
    let exit = Exit::merged(faults);
    let warned = checks.iter().any(|check| check.mark == Mark::Warning);
    let status = match exit {
        Exit::Success if warned => Status::Warning,
        Exit::Success => Status::Ok,
        _ => Status::Error,
    };
    (status, exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_do_not_fail_and_problems_do() {
        let (ok, warning) = (Check::ok("a", "fine"), Check::warning("b", "odd", "Look"));
        let skipped = Check::skipped("c", "not asked");
        let problem = Check::problem("d", "wrong", "Mend it");
        let away = Check::failed("e", Exit::Unavailable, "no answer", "Wait");
        let of = |checks: &[&Check]| verdict(&checks.iter().map(|it| (*it).clone()).collect::<Vec<_>>());
        assert_eq!(of(&[]), (Status::Ok, Exit::Success));
        assert_eq!(of(&[&ok, &skipped]), (Status::Ok, Exit::Success));
        assert_eq!(of(&[&ok, &warning]), (Status::Warning, Exit::Success));
        assert_eq!(of(&[&warning, &away]), (Status::Error, Exit::Unavailable));
        assert_eq!(of(&[&away, &problem]), (Status::Error, Exit::Configuration));
    }

    #[test]
    fn an_errors_last_sentence_is_the_remedy() {
        let split = |said| {
            let check = Check::failed("a", Exit::Configuration, said, "Otherwise");
            (check.message, check.remedy.unwrap())
        };
        assert_eq!(split("x is wrong: a. b. Check x"), ("x is wrong: a. b".into(), "Check x".into()));
        assert_eq!(split("x is wrong (file a. b)"), ("x is wrong (file a. b)".into(), "Otherwise".into()));
    }
}
