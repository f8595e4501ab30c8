//! `doctor` for people: the checks by topic, and a verdict.

use std::fmt::Write as _;

use crate::cli::figures::counted_all;
use crate::cli::terminal::{width_of_stdout, wrapped};
use crate::core::text::one_line;
use crate::domain::result::{CheckEntry, CheckStatus, DoctorResult};

/// The widest line, and the width where stdout is no terminal.
const WIDTH: usize = 100;
/// The column at which messages begin, behind the mark.
const INDENT: usize = 11;

pub fn render(result: &DoctorResult) -> String {
    render_in(result, width())
}

fn render_in(result: &DoctorResult, width: usize) -> String {
    let mut said = String::new();
    let mut last = "";
    for check in &result.checks {
        let (of, about) = check.name.split_once('.').unwrap_or((check.name, ""));
        if of != last {
            let _ = writeln!(said, "{}{of}", if last.is_empty() { "" } else { "\n" });
            last = of;
        }
        let message = format!("{}: {}", about.replace('_', " "), one_line(&check.message));
        for (n, line) in wrapped(&message, width - INDENT).into_iter().enumerate() {
            let mark = if n == 0 { check.status.as_str() } else { "" };
            let _ = writeln!(said, "  {mark:<9}{line}");
        }
        if let Some(remedy) = &check.remedy {
            for (n, line) in wrapped(&one_line(remedy), width - INDENT - 3).into_iter().enumerate() {
                let _ = writeln!(said, "{:INDENT$}{} {line}", "", if n == 0 { "->" } else { "  " });
            }
        }
    }
    format!("{said}\n{}", verdict(&result.checks))
}

/// `2 problems and 1 warning in 19 checks.`
fn verdict(checks: &[CheckEntry]) -> String {
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    let skipped = match count(CheckStatus::Skipped) {
        0 => String::new(),
        skipped => format!("; {skipped} skipped"),
    };
    let of = counted_all(checks.len(), "check");
    match (count(CheckStatus::Problem), count(CheckStatus::Warning)) {
        (0, 0) => format!("All is well in {of}{skipped}."),
        (0, warnings) => format!("The jobs can run; {} in {of}{skipped}.", counted_all(warnings, "warning")),
        (problems, 0) => format!("{} in {of}{skipped}.", counted_all(problems, "problem")),
        (problems, warnings) => {
            format!("{} and {} in {of}{skipped}.", counted_all(problems, "problem"), counted_all(warnings, "warning"))
        }
    }
}

fn width() -> usize {
    width_of_stdout().map_or(WIDTH, |width| width.min(WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &'static str, status: CheckStatus, message: &str, remedy: Option<&str>) -> CheckEntry {
        CheckEntry { name, status, message: message.to_owned(), remedy: remedy.map(str::to_owned) }
    }

    #[test]
    fn lines_fit_and_end_in_a_verdict() {
        let long = "word ".repeat(30);
        let checks = vec![
            check("settings.variables", CheckStatus::Ok, "fine", None),
            check("database.pooler", CheckStatus::Problem, long.trim(), Some("Mend\nit")),
            check("database.schema", CheckStatus::Skipped, "no connection", None),
        ];
        let said = render_in(&DoctorResult { checks }, 60);
        assert!(said.lines().all(|line| line.chars().count() <= 60), "{said}");
        assert!(
            said.starts_with("settings\n  ok       variables: fine\n\ndatabase\n  problem  pooler: word word"),
            "{said}"
        );
        assert!(said.contains("\n           -> Mend it\n"), "{said}");
        assert!(said.ends_with("\n1 problem in 3 checks; 1 skipped."), "{said}");
    }

    #[test]
    fn a_verdict_counts() {
        use CheckStatus::{Ok, Problem, Warning};
        let of = |all: &[CheckStatus]| verdict(&all.iter().map(|it| check("a.b", *it, "", None)).collect::<Vec<_>>());
        assert_eq!(of(&[Ok, Ok]), "All is well in 2 checks.");
        assert_eq!(of(&[Warning]), "The jobs can run; 1 warning in 1 check.");
        assert_eq!(of(&[Warning, Warning, Problem, Problem]), "2 problems and 2 warnings in 4 checks.");
    }
}
