//! Turns observations into checks.

use chrono::{DateTime, TimeDelta, Utc};

use super::Check;
use super::rhythm::Rhythm;
use crate::core::span::span;
use crate::domain::job::Job;

/// The port of Supabase's pooler in transaction mode.
pub const TRANSACTION_POOLER_PORT: u16 = 6543;
/// How many seconds two clocks must differ for a warning.
const SKEW: i64 = 5;
/// After how many of its intervals a job is overdue.
const MISSED: i64 = 3;
/// The oldest supported PostgreSQL, as a `server_version_num`.
const POSTGRES_14: i32 = 140_000;

/// Whether the server is new enough.
#[must_use]
pub fn server(version: i32, named: &str, place: &str) -> Check {
    let message = format!("PostgreSQL {named} answers at {place}");
    if version >= POSTGRES_14 {
        return Check::ok("database.connection", message);
    }
    Check::problem("database.connection", message, "Upgrade the server: PostgreSQL 14 is the oldest supported version")
}

/// The evidence about a pooler.
#[derive(Clone, Copy, Debug)]
pub struct Pooling<'a> {
    /// The host in the URL.
    pub host: &'a str,
    /// The port in the URL.
    pub port: u16,
    /// The value of `pgbouncer=` in the URL.
    pub declared: Option<bool>,
    /// Whether one server process served two connections. That happens only behind a pooler in transaction mode.
    pub shared: bool,
}

impl Pooling<'_> {
    /// Whether the jobs assume a pooler in transaction mode.
    #[must_use]
    pub fn is_taken_for_one(&self) -> bool {
        self.declared.unwrap_or(self.port == TRANSACTION_POOLER_PORT)
    }
}

/// Whether the URL declares the pooler in front of the database.
#[must_use]
pub fn pooler(pooling: Pooling<'_>) -> Check {
    let name = "database.pooler";
    let supabase = pooling.host.ends_with("pooler.supabase.com");
    let by_its_port = pooling.declared.is_none();
    match (pooling.shared, pooling.is_taken_for_one()) {
        (true, false) => {
            let says = if pooling.declared.is_some() { "denies it" } else { "does not say so" };
            Check::problem(
                name,
                format!("a pooler in transaction mode is in front of the database, but DATABASE_URL {says}"),
                "Add ?pgbouncer=true to DATABASE_URL (&pgbouncer=true if it already has options), or use a direct connection or a \
                 session pooler; otherwise prepared statements get lost",
            )
        }
        (true, true) if by_its_port => Check::ok(name, "a pooler in transaction mode, as assumed on port 6543"),
        (true, true) => Check::ok(name, "a pooler in transaction mode, as DATABASE_URL says"),
        (false, true) if supabase && by_its_port => {
            Check::ok(name, "Supabase's pooler in transaction mode, by its port 6543")
        }
        (false, true) => Check::remark(
            name,
            "DATABASE_URL declares a pooler in transaction mode, but none was seen",
            "Nothing, if there is one; otherwise remove pgbouncer=true (on port 6543, set pgbouncer=false), which saves each \
             statement a round trip",
        ),
        (false, false) if supabase => Check::ok(name, "Supabase's pooler in session mode"),
        (false, false) => Check::ok(name, "none in transaction mode: each connection has a server process of its own"),
    }
}

/// How vectors are stored: whether the extension is `installed` or `available`, and the type of `memory_facts.embedding`.
#[must_use]
pub fn vectors(installed: bool, available: bool, column: Option<&str>) -> Check {
    let name = "database.pgvector";
    // The type's name can be qualified with the extension's schema.
    let bare = column.map(|column| column.rsplit('.').next().unwrap_or(column));
    match bare {
        Some("vector(1536)" | "vector") => Check::ok(name, "memory is stored in pgvector's type"),
        Some("real[]") if installed || available => Check::remark(
            name,
            "pgvector is available, but memory_facts.embedding is a plain real[]; the jobs find the same facts either way",
            "Nothing; convert the column if the application should search it with an index",
        ),
        Some("real[]") => Check::remark(
            name,
            "pgvector is missing, so memory is stored in plain arrays; the jobs find the same facts either way",
            "Nothing; install pgvector before the first migrate if the application should search memory with an index",
        ),
        Some(other) => Check::warning(
            name,
            format!("memory_facts.embedding is a {other}, which the jobs may not be able to fill"),
            "Make it a vector(1536) or a real[]",
        ),
        None => Check::skipped(name, "there is no memory_facts.embedding yet"),
    }
}

/// Compares the database's clock with the host's, which was read before and after the query.
#[must_use]
pub fn clock(database: DateTime<Utc>, before: DateTime<Utc>, after: DateTime<Utc>) -> Check {
    let (name, off) = ("database.clock", skew(database, before, after));
    let seconds = off.num_seconds().abs();
    if seconds < SKEW {
        return Check::ok(name, "the host's clock agrees with the database's");
    }
    let side = if off > TimeDelta::zero() { "behind" } else { "ahead of" };
    Check::warning(
        name,
        format!("the host's clock is {} {side} the database's", span(seconds)),
        "Synchronise both with NTP; the jobs themselves use only the database's clock",
    )
}

/// The difference that the round trip does not explain; positive if the database is ahead.
fn skew(database: DateTime<Utc>, before: DateTime<Utc>, after: DateTime<Utc>) -> TimeDelta {
    if database > after {
        database - after
    } else if database < before {
        database - before
    } else {
        TimeDelta::zero()
    }
}

/// The name of the check of a job's last run.
#[must_use]
pub const fn name_of_run(job: Job) -> &'static str {
    match job {
        Job::Decay => "jobs.decay",
        Job::ProcessConversations => "jobs.process_conversations",
        Job::Recover => "jobs.recover",
        Job::ScanStuck => "jobs.scan_stuck",
    }
}

/// Whether a job has run on schedule. `age` is the time since a run completed and `interval` the longest time between two runs,
/// both in seconds; `scheduled` tells whether this host has a schedule for the job.
#[must_use]
pub fn last_run(job: Job, age: Option<i64>, interval: i64, scheduled: bool) -> Check {
    let name = name_of_run(job);
    let look = "Look at what starts it (systemctl list-timers, crontab -l), and at its log";
    match age {
        Some(age) if age > MISSED * interval => Check::warning(
            name,
            format!(
                "{job} is overdue: its last run completed {} ago, and one is due every {}",
                span(age),
                span(interval)
            ),
            look,
        ),
        Some(age) => Check::ok(name, format!("{job} completed {} ago", span(age.max(0)))),
        None if scheduled => {
            Check::warning(name, format!("{job} has a schedule here and has never completed a run"), look)
        }
        None => {
            Check::remark(name, format!("{job} has never completed a run"), "Install a schedule, or run it by hand")
        }
    }
}

/// A warning if a job's window, in seconds, skips runs of its schedule.
#[must_use]
pub fn window(job: Job, window: i64, rhythm: Rhythm) -> Option<Check> {
    let variable = match job {
        Job::Decay => "NIKITA_DECAY_WINDOW",
        Job::ProcessConversations => "NIKITA_PROCESS_WINDOW",
        Job::Recover => "NIKITA_RECOVER_WINDOW",
        // scan-stuck's window is derived from this interval, unless it is set itself.
        Job::ScanStuck => "AUDIT_HEALTH_CHECK_INTERVAL_SECONDS or NIKITA_SCAN_WINDOW",
    };
    let interval = span(rhythm.shortest);
    (window >= rhythm.shortest).then(|| {
        let message = format!(
            "{job} starts every {interval}, and its window is {}: runs are skipped (exit code 75)",
            span(window)
        );
        let remedy =
            format!("Lower {variable} so that the window is shorter than {interval}, or start the job less often");
        Check::warning("schedule.window", message, &remedy)
    })
}

/// The name of a network file system, by the kernel's number for it (statfs(2)).
#[must_use]
pub fn network_file_system(kind: u64) -> Option<&'static str> {
    match kind {
        0x6969 => Some("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Some("SMB"),
        0x0102_1997 => Some("9P"),
        0x00C3_6400 => Some("Ceph"),
        0x0BD0_0BD0 => Some("Lustre"),
        0x6B41_4653 | 0x5346_414F => Some("AFS"),
        0x0116_1970 => Some("GFS2"),
        _ => None,
    }
}

/// Runs of one of our jobs that another program completed within a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRuns {
    /// The job.
    pub job: String,
    /// How many.
    pub runs: i64,
    /// When the last one ended, as the database writes it.
    pub latest: String,
}

/// A schedule in the database that calls one of the application's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignSchedule {
    /// Its number in `cron.job`.
    pub id: String,
    /// When it runs.
    pub schedule: String,
    /// The endpoint's name after `/tasks/`.
    pub endpoint: String,
}

/// Whether another program does our jobs' work as well.
#[must_use]
pub fn other_runner(runs: &[ForeignRuns], schedules: &[ForeignSchedule]) -> Check {
    let name = "database.other_runner";
    if runs.is_empty() && schedules.is_empty() {
        return Check::ok(name, "no other program runs these jobs");
    }
    let endpoints =
        runs.iter().map(|it| format!("{} ran {} times within a day, the last at {}", it.job, it.runs, it.latest));
    let calls =
        schedules.iter().map(|it| format!("cron.job {} calls /tasks/{} at `{}`", it.id, it.endpoint, it.schedule));
    let found: Vec<String> = endpoints.chain(calls).collect();
    let lines: Vec<String> = schedules.iter().map(|it| format!("`select cron.unschedule({})`", it.id)).collect();
    let remedy = if lines.is_empty() {
        "Two programs do the same work: unschedule the other one's calls of these jobs; docs/moving-from-endpoints.md explains how"
            .to_owned()
    } else {
        format!(
            "Two programs do the same work: run {}; docs/moving-from-endpoints.md explains in which order",
            lines.join(", ")
        )
    };
    Check::warning(name, format!("another program runs these jobs, too: {}", found.join("; ")), &remedy)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::core::doctor::Mark;
    use crate::domain::exit::Exit;

    const PROBLEM: Mark = Mark::Problem(Exit::Configuration);

    #[rstest]
    #[case::direct("db", 5432, None, false, Mark::Ok, "none in transaction mode")]
    #[case::unmarked("db", 5432, None, true, PROBLEM, "does not say so")]
    #[case::denied("db", 6543, Some(false), true, PROBLEM, "denies it")]
    #[case::marked("db", 5432, Some(true), true, Mark::Ok, "as DATABASE_URL says")]
    #[case::by_port("db", 6543, None, true, Mark::Ok, "assumed on port 6543")]
    #[case::marked_in_vain("db", 5432, Some(true), false, Mark::Ok, "none was seen")]
    #[case::supabase("eu.pooler.supabase.com", 6543, None, false, Mark::Ok, "Supabase's pooler in transaction mode")]
    #[case::supabase_session(
        "eu.pooler.supabase.com",
        5432,
        None,
        false,
        Mark::Ok,
        "Supabase's pooler in session mode"
    )]
    fn poolers(
        #[case] host: &str,
        #[case] port: u16,
        #[case] declared: Option<bool>,
        #[case] shared: bool,
        #[case] mark: Mark,
        #[case] said: &str,
    ) {
        let check = pooler(Pooling { host, port, declared, shared });
        assert_eq!(check.mark, mark, "{check:?}");
        assert!(check.message.contains(said), "{check:?}");
    }

    #[rstest]
    #[case(true, true, Some("vector(1536)"), Mark::Ok)]
    #[case(true, true, Some("extensions.vector(1536)"), Mark::Ok)]
    #[case(true, true, Some("real[]"), Mark::Ok)]
    #[case(false, false, Some("real[]"), Mark::Ok)]
    #[case(true, true, Some("vector(768)"), Mark::Warning)]
    #[case(true, true, Some("text"), Mark::Warning)]
    #[case(true, true, None, Mark::Skipped)]
    fn plain_arrays_are_a_remark(
        #[case] installed: bool,
        #[case] available: bool,
        #[case] column: Option<&str>,
        #[case] mark: Mark,
    ) {
        assert_eq!(vectors(installed, available, column).mark, mark);
    }

    #[test]
    fn an_old_server_is_a_problem() {
        assert_eq!(server(140_000, "14.0", "h:1").mark, Mark::Ok);
        assert_eq!(server(139_999, "13.9", "h:1").mark, PROBLEM);
    }

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(ms).unwrap()
    }

    #[test]
    fn five_seconds_are_reported_and_the_round_trip_is_not() {
        assert_eq!(clock(at(4_999), at(0), at(0)).mark, Mark::Ok);
        let behind = clock(at(5_000), at(0), at(0));
        assert_eq!(
            (behind.mark, behind.message.as_str()),
            (Mark::Warning, "the host's clock is 5 s behind the database's")
        );
        let ahead = clock(at(0), at(3_600_000), at(3_600_010));
        assert_eq!(ahead.message, "the host's clock is 1 h ahead of the database's");
        // A round trip of a minute explains any difference within it.
        assert_eq!(clock(at(30_000), at(0), at(60_000)).mark, Mark::Ok);
    }

    proptest! {
        #[test]
        fn a_clock_is_never_further_off_than_either_reading(database in -99_999_i64..99_999, before in -99_999_i64..0, way in 0_i64..99_999) {
            let off = skew(at(database), at(before), at(before + way)).num_milliseconds();
            prop_assert!(off.abs() <= (database - before).abs() && off.abs() <= (database - before - way).abs());
        }
    }

    #[test]
    fn a_job_is_overdue_after_three_intervals() {
        let mark = |age, scheduled| last_run(Job::Decay, age, 3600, scheduled).mark;
        assert_eq!(mark(Some(3 * 3600), true), Mark::Ok);
        assert_eq!(mark(Some(3 * 3600 + 1), true), Mark::Warning);
        assert_eq!(mark(Some(3 * 3600 + 1), false), Mark::Warning);
        assert_eq!((mark(None, true), mark(None, false)), (Mark::Warning, Mark::Ok));
        assert_eq!(mark(Some(-5), true), Mark::Ok);
    }

    #[test]
    fn a_window_as_long_as_the_interval_skips_runs() {
        let hourly = Rhythm::every(3600);
        assert_eq!(window(Job::Decay, 3599, hourly), None);
        let check = window(Job::Decay, 7200, hourly).unwrap();
        assert_eq!(check.message, "decay starts every 1 h, and its window is 2 h: runs are skipped (exit code 75)");
        assert!(window(Job::Decay, 3600, Rhythm { shortest: 3600, longest: 7200 }).is_some());
    }

    #[test]
    fn network_file_systems_are_recognised() {
        // ext4, tmpfs, btrfs, overlayfs.
        for local in [0xEF53, 0x0102_1994, 0x9123_683E, 0x794C_7630] {
            assert_eq!(network_file_system(local), None);
        }
        assert_eq!(network_file_system(0x6969), Some("NFS"));
    }
}
