//! The schedules on this host: enabled systemd timers, and crontabs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::core::doctor::cron::{self, Line};
use crate::core::doctor::rhythm::Rhythm;
use crate::core::doctor::{Check, judge, timer};
use crate::domain::job::Job;

/// Where systemd looks for units, the highest precedence first.
const UNITS: [&str; 5] = [
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
];
/// Where users' crontabs are: on Debian, and on other systems.
const SPOOLS: [&str; 2] = ["var/spool/cron/crontabs", "var/spool/cron"];

/// What starts the jobs here.
#[derive(Debug, Default)]
pub struct Installed {
    /// The enabled timers by job; a rhythm of none means that it could not be parsed.
    timers: BTreeMap<Job, Option<Rhythm>>,
    /// The active lines of crontabs.
    cron: Vec<Line>,
    /// How many crontab lines are inactive because the timer that they test for is enabled.
    aside: usize,
}

/// Searches below `root`, which is `/` except in tests.
#[must_use]
pub fn find(root: &Path) -> Installed {
    let mut found = Installed::default();
    for job in Job::ALL {
        let mut texts = wanted(root, job).into_iter().map(|unit| text_of(root, &unit));
        // A masked unit is a link to /dev/null, so it reads as empty.
        if let Some(text) = texts.find(|text| text.as_ref().is_none_or(|text| !text.is_empty())) {
            found.timers.insert(job, timer::rhythm(&text.unwrap_or_default()));
        }
    }
    for line in crontabs(root) {
        let guard = line.unless.as_ref().map(|file| root.join(file.trim_start_matches('/')));
        if guard.is_some_and(|file| file.is_symlink() || file.exists()) {
            found.aside += 1;
        } else {
            found.cron.push(line);
        }
    }
    found
}

/// The enabled timers of a job: its own before the instances of its template, of which each database has one.
fn wanted(root: &Path, job: Job) -> BTreeSet<String> {
    let (own, template) = (format!("nikita-jobs-{job}"), format!("nikita-jobs-{job}@"));
    let folders = UNITS.iter().filter_map(|folder| fs::read_dir(root.join(folder).join("timers.target.wants")).ok());
    let names = folders.flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let is_ours =
        |name: &String| name.strip_suffix(".timer").is_some_and(|unit| unit == own || unit.starts_with(&template));
    names.filter(is_ours).collect()
}

/// A unit file followed by its drop-ins. An instance has those of its template, too.
fn text_of(root: &Path, unit: &str) -> Option<String> {
    let template = unit.split_once('@').map(|(name, _)| format!("{name}@.timer"));
    let names = [Some(unit), template.as_deref()];
    let mut places = names.into_iter().flatten().flat_map(|name| UNITS.map(|folder| root.join(folder).join(name)));
    let mut text = places.find_map(|file| fs::read_to_string(file).ok())?;
    let mut drop_ins = BTreeMap::new();
    // Of two drop-ins with one name the instance's wins, then the folder with the higher precedence; that one is inserted last.
    for name in names.into_iter().rev().flatten() {
        for folder in UNITS.iter().rev() {
            let files = files(&root.join(folder).join(format!("{name}.d")));
            drop_ins.extend(files.into_iter().filter_map(|file| Some((file.file_name()?.to_owned(), file))));
        }
    }
    for file in drop_ins.into_values().filter(|file| file.extension().is_some_and(|it| it == "conf")) {
        text += "\n";
        text += &fs::read_to_string(file).unwrap_or_default();
    }
    Some(text)
}

fn crontabs(root: &Path) -> Vec<Line> {
    let read = |file: &PathBuf| fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    // cron ignores names with a dot, such as an editor's backup.
    let plain = |file: &PathBuf| file.file_name().is_some_and(|name| !name.to_string_lossy().contains(['.', '~']));
    let system =
        [root.join("etc/crontab")].into_iter().chain(files(&root.join("etc/cron.d")).into_iter().filter(plain));
    let mut lines: Vec<Line> =
        system.filter_map(|file| read(&file).ok()).flat_map(|text| cron::lines(&text, true)).collect();
    let spooled: Vec<PathBuf> = SPOOLS.iter().flat_map(|folder| files(&root.join(folder))).collect();
    lines.extend(spooled.iter().filter_map(|file| read(file).ok()).flat_map(|text| cron::lines(&text, false)));
    if spooled.is_empty() && root == Path::new("/") {
        // Only root can read the spool; `crontab -l` prints a user's own.
        let own = Command::new("crontab").arg("-l").output();
        lines.extend(own.map(|own| cron::lines(&String::from_utf8_lossy(&own.stdout), false)).unwrap_or_default());
    }
    lines
}

/// The files of a folder by name; none if it can't be read.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

impl Installed {
    /// Whether anything starts the job here.
    #[must_use]
    pub fn has(&self, job: Job) -> bool {
        self.timers.contains_key(&job) || self.cron.iter().any(|line| line.job == job)
    }

    /// The rhythm of each timer and crontab line that starts the job.
    fn starters(&self, job: Job) -> Vec<Option<Rhythm>> {
        let cron = self.cron.iter().filter(|line| line.job == job).map(|line| line.rhythm);
        self.timers.get(&job).copied().into_iter().chain(cron).collect()
    }

    /// The longest pause between two runs, in seconds: of the most frequent starter, or as shipped if there is no starter. None if no
    /// rhythm could be parsed.
    #[must_use]
    pub fn longest(&self, job: Job) -> Option<i64> {
        let starters = self.starters(job);
        if starters.is_empty() {
            Some(job.interval())
        } else {
            starters.into_iter().flatten().map(|it| it.longest).min()
        }
    }

    /// Whether each job has one thing that starts it.
    #[must_use]
    pub fn judge(&self) -> Vec<Check> {
        let of = |wanted: &dyn Fn(Job) -> bool| {
            let jobs = Job::ALL.into_iter().filter(|job| wanted(*job)).map(Job::as_str);
            jobs.collect::<Vec<_>>().join(", ")
        };
        let name = "schedule.installed";
        let install = "Enable the timers or load crontab.example (see docs/deploy.md); nothing to do if another host or a \
             container platform starts them";
        let missing = of(&|job| !self.has(job));
        let installed = if self.timers.is_empty() && self.cron.is_empty() {
            Check::warning(
                name,
                "no schedule is installed on this host: no timer of nikita-jobs is enabled, and no readable crontab starts \
                 a job",
                install,
            )
        } else if !missing.is_empty() {
            Check::warning(name, format!("nothing on this host starts {missing}"), install)
        } else {
            let by = match (self.timers.is_empty(), self.cron.is_empty()) {
                (false, true) => "systemd's timers start",
                (true, _) => "cron starts",
                _ => "systemd's timers and cron start",
            };
            Check::ok(name, format!("{by} all jobs"))
        };
        let by_both = of(&|job| self.timers.contains_key(&job) && self.cron.iter().any(|line| line.job == job));
        let twice = of(&|job| self.cron.iter().filter(|line| line.job == job).count() > 1);
        let mut checks = vec![installed];
        if !by_both.is_empty() {
            checks.push(Check::warning(
                "schedule.double",
                format!(
                    "both a systemd timer and cron start {by_both}; the second of two starts is skipped (exit code 75)"
                ),
                "Keep one of them: remove the lines from the crontab, or disable the timers (systemctl disable --now)",
            ));
        } else if !twice.is_empty() {
            checks.push(Check::warning(
                "schedule.double",
                format!("more than one crontab line starts {twice}"),
                "Keep one of them",
            ));
        } else if self.aside > 0 {
            checks.push(Check::ok(
                "schedule.double",
                "both are installed, but the crontab's lines are inactive while the timers are enabled",
            ));
        }
        checks
    }

    /// Whether the windows let every run of the schedule through: the installed one, else the shipped one.
    #[must_use]
    pub fn judge_windows(&self, windows: &[(Job, Option<Duration>)]) -> Vec<Check> {
        let long = windows.iter().filter_map(|(job, window)| {
            let window = i64::try_from(window.as_ref()?.as_secs()).unwrap_or(i64::MAX);
            let shipped = Some(Rhythm::every(job.interval()));
            let starters = self.starters(*job);
            let rhythms = if starters.is_empty() { vec![shipped] } else { starters };
            rhythms.into_iter().flatten().find_map(|rhythm| judge::window(*job, window, rhythm))
        });
        let long: Vec<Check> = long.collect();
        if !long.is_empty() {
            return long;
        }
        let name = "schedule.window";
        vec![if windows.iter().all(|(_, window)| window.is_some()) {
            Check::ok(name, "each job's window is shorter than the time between two starts")
        } else {
            Check::skipped(name, "a window is invalid")
        }]
    }
}
