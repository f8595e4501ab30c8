//! Reads crontabs, just enough to see which of our jobs they start and how often.

use super::rhythm::{Rhythm, numbers, times};
use crate::domain::job::Job;

/// A line that starts a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The job.
    pub job: Job,
    /// How often; `None` if it does not run every day, or if the schedule can't be read.
    pub rhythm: Option<Rhythm>,
    /// The file whose existence disables the line, as in `crontab.example`.
    pub unless: Option<String>,
}

/// The lines of a crontab that start one of our jobs. `with_user` for `/etc/crontab` and `/etc/cron.d`, which name a user before
/// the command.
#[must_use]
pub fn lines(crontab: &str, with_user: bool) -> Vec<Line> {
    let mut variables: Vec<(&str, &str)> = Vec::new();
    let mut found = Vec::new();
    for line in crontab.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(variable) = variable(line) {
            variables.push(variable);
        } else if let Some((rhythm, command)) = entry(line, with_user) {
            let command = expand(command, &variables);
            found.extend(job(&command).map(|job| Line { job, rhythm, unless: guard(&command) }));
        }
    }
    found
}

/// `NAME=value`
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then(|| (name, value.trim().trim_matches(['"', '\''])))
}

/// A line's schedule and command.
fn entry(line: &str, with_user: bool) -> Option<(Option<Rhythm>, &str)> {
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line;
    let mut when = Vec::new();
    for _ in 0..fields + usize::from(with_user) {
        let (field, behind) = rest.split_once(char::is_whitespace)?;
        when.push(field);
        rest = behind.trim_start();
    }
    let rhythm = match when[..fields] {
        ["@hourly"] => Some(Rhythm::every(3600)),
        ["@daily" | "@midnight"] => Some(Rhythm::every(86_400)),
        [minute, hour, "*", "*", "*"] => daily(minute, hour),
        _ => None,
    };
    Some((rhythm, rest))
}

fn daily(minute: &str, hour: &str) -> Option<Rhythm> {
    Rhythm::daily(times(&numbers(hour, "-", 0, 23)?, &numbers(minute, "-", 0, 59)?, &[0]))
}

/// The command with the crontab's variables expanded.
fn expand(command: &str, variables: &[(&str, &str)]) -> String {
    let mut named: Vec<_> = variables.iter().rev().collect();
    // $JOBS_ROOT is replaced before $JOBS. Of two with one name the later counts.
    named.sort_by_key(|(name, _)| usize::MAX - name.len());
    named.into_iter().fold(command.to_owned(), |command, (name, value)| {
        command.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value)
    })
}

/// The job whose name follows our program's. A dry run does not count.
fn job(command: &str) -> Option<Job> {
    let bare = |word: &'_ str| word.trim_matches(['"', '\'', '(', ')', '{', '}', ';']).to_owned();
    let words: Vec<String> = command.split_whitespace().map(bare).collect();
    let ours = |word: &String| word.rsplit('/').next() == Some("nikita-jobs");
    let called = words.split(ours).skip(1).filter_map(<[String]>::split_first);
    called.filter(|(_, arguments)| !is_dry_run(arguments)).find_map(|(name, _)| Job::find(name))
}

/// Up to the next command of the line. `-n` can stand among other letters, such as in `-qn`.
fn is_dry_run(arguments: &[String]) -> bool {
    let is_short = |word: &str| {
        word.strip_prefix('-').is_some_and(|letters| letters.chars().all(char::is_alphabetic) && letters.contains('n'))
    };
    let mut own = arguments.iter().take_while(|word| !["", "&&", "||", "|", "&"].contains(&word.as_str()));
    own.any(|word| word == "--dry-run" || is_short(word))
}

/// `[ -e FILE ] || …`
fn guard(command: &str) -> Option<String> {
    let (file, _) = command.split_once("[ -e ")?.1.split_once(" ] ||")?;
    Some(file.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(job: Job, rhythm: Option<Rhythm>) -> Line {
        Line { job, rhythm, unless: None }
    }

    #[test]
    fn the_shipped_crontab_is_the_shipped_schedule() {
        let found = lines(include_str!("../../../crontab.example"), false);
        let expected = Job::ALL.map(|job| {
            let timer = format!("/etc/systemd/system/timers.target.wants/nikita-jobs-{job}.timer");
            // Every two minutes from the first to the 59th of an hour is every two minutes.
            Line { job, rhythm: Some(Rhythm::every(job.interval())), unless: Some(timer) }
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_system_crontab_has_users() {
        let text = "SHELL=/bin/sh\n# 1 * * * * root nikita-jobs decay\n*/20 8-9 * * * nikita /opt/nikita-jobs decay -q\n\
             @hourly root cd /x && ./nikita-jobs scan-stuck\n17 * * * * root run-parts /etc/cron.hourly\nbroken\n";
        let decay = Rhythm { shortest: 1200, longest: 24 * 3600 - 6000 };
        assert_eq!(lines(text, true), [line(Job::Decay, Some(decay)), line(Job::ScanStuck, Some(Rhythm::every(3600)))]);
    }

    #[test]
    fn the_option_of_another_command_is_no_dry_run() {
        let text = "0 * * * * nice -n 10 nikita-jobs decay -q | sort -n\n0 * * * * nikita-jobs recover ; head -n 1 x\n";
        let jobs: Vec<_> = lines(text, false).into_iter().map(|line| line.job).collect();
        assert_eq!(jobs, [Job::Decay, Job::Recover]);
    }

    #[test]
    fn a_weekly_line_has_no_rhythm_and_a_line_without_a_run_is_left_out() {
        let text = "0 5 * * 1 nikita-jobs decay\n@reboot nikita-jobs recover\n* * * * * nikita-jobs health\n\
             0 * * * * nikita-jobs decay --dry-run\n0 * * * * nikita-jobs decay -qn\n0 0 * * * echo nikita-jobs\n0 * * * * \"${B}/nikita-jobs\" recover\n";
        let found = lines(&format!("B = '/opt/b'\n{text}"), false);
        assert_eq!(
            found,
            [line(Job::Decay, None), line(Job::Recover, None), line(Job::Recover, Some(Rhythm::every(3600)))]
        );
    }
}
