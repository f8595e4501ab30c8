//! A command's timeouts for its database (spec 02, "Every wait ends"): D for one response, ten seconds at most to connect, and for a
//! read-only command a limit in all. The server's timeouts are shorter than ours, so that it has ended a statement when we give up on it.

use std::time::{Duration, Instant};

use crate::clock;

/// How long a statement waits for a connection (on PostgreSQL D if that is longer), and the longest that SQLite waits for another writer.
pub(super) const ACQUIRE: Duration = Duration::from_secs(10);
/// The timeout for closing connections.
pub(super) const CLOSE: Duration = Duration::from_millis(500);
/// The longest timeout for connecting.
const CONNECT: Duration = Duration::from_secs(10);
/// The shortest share of that for each of several hosts.
const SHARE: Duration = Duration::from_secs(2);
/// The limit of a read-only command in all.
const LOOK: Duration = Duration::from_mins(1);
/// The shortest and the longest D that is derived from a lease.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);
/// The timeout for a read of a whole table, in leases.
const LEASES: u32 = 10;

/// A command's timeouts.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// D; none for a command without a timeout.
    answer: Option<Duration>,
    /// The timeout for a read of a whole table.
    long: Option<Duration>,
    /// The deadline of a read-only command.
    until: Option<Instant>,
}

/// The longest D that a lease allows.
#[must_use]
pub fn longest_answer(lease: Duration) -> Duration {
    (lease / 6).max(SHORTEST)
}

impl Timeouts {
    /// A job's, from `--db-timeout`, else from its lease.
    #[must_use]
    pub fn of_job(lease: Duration, asked: Option<Duration>) -> Self {
        let answer = asked.unwrap_or_else(|| (lease / 6).clamp(SHORTEST, LONGEST));
        Self { answer: Some(answer), long: Some(lease * LEASES), until: None }
    }

    /// A read-only command's, whose limit counts from now on.
    #[must_use]
    pub fn read_only(asked: Option<Duration>) -> Self {
        let answer = asked.unwrap_or(LOOK).min(LOOK);
        Self { answer: Some(answer), long: Some(answer), until: Some(clock::start() + LOOK) }
    }

    /// Those of `check` and `migrate`: none, unless one is set.
    #[must_use]
    pub const fn unlimited(asked: Option<Duration>) -> Self {
        Self { answer: asked, long: None, until: None }
    }

    /// The timeout of a response from now on, if any.
    pub(super) fn answer(&self) -> Option<Duration> {
        self.capped(self.answer)
    }

    /// The same for a read of a whole table.
    pub(super) fn long_answer(&self) -> Option<Duration> {
        self.capped(self.long.or(self.answer))
    }

    fn capped(&self, most: Option<Duration>) -> Option<Duration> {
        let left = self.until.map(|until| until.saturating_duration_since(clock::start()));
        match (most, left) {
            (Some(most), Some(left)) => Some(most.min(left)),
            (most, left) => most.or(left),
        }
    }

    /// How long SQLite waits for another writer.
    pub(super) fn for_another_writer(&self) -> Duration {
        self.answer().map_or(ACQUIRE, |answer| answer.min(ACQUIRE))
    }

    /// The timeout for connecting in all, and for each of several hosts.
    pub(super) fn connect(&self, asked: Option<Duration>, hosts: usize) -> (Duration, Duration) {
        let all = self.capped(Some(asked.map_or(CONNECT, |asked| asked.min(CONNECT)))).unwrap_or(CONNECT);
        let hosts = u32::try_from(hosts).unwrap_or(u32::MAX).max(1);
        let share = if hosts == 1 { all } else { (all / hosts).max(SHARE) };
        (all, share)
    }

    /// The server's settings with their values; 0 is no limit.
    pub(super) fn settings(&self) -> [(&'static str, String); 3] {
        let answer = self.answer();
        let ms = |span: Option<Duration>, of: u128| span.map_or(0, |span| tenths(span, of)).to_string();
        [
            ("lock_timeout", ms(answer, 5)),
            // A read-only command can use all of its remaining time.
            ("statement_timeout", ms(answer, if self.until.is_some() { 10 } else { 8 })),
            ("idle_in_transaction_session_timeout", "60000".to_owned()),
        ]
    }

    /// The same as text to follow `begin`.
    pub(super) fn local_settings(&self) -> String {
        let settings = self.settings().map(|(name, value)| format!("; set local {name} = {value}"));
        format!(" isolation level read committed{}", settings.concat())
    }

    /// The text to follow `begin` for a read of a whole table.
    pub(super) fn long_settings(&self) -> String {
        let ms = self.long_answer().map_or(0, |long| tenths(long, 8));
        format!("; set local statement_timeout = {ms}")
    }

    /// Whether the server's `lock_timeout`, from `current_setting`, is ours. Not checked for read-only commands, whose timeout changes all the
    /// time, and which take no locks.
    pub(super) fn is_in_force(&self, lock_timeout: &str) -> bool {
        self.until.is_some() || lock_timeout == as_the_server_says(self.answer.map_or(0, |it| tenths(it, 5)))
    }
}

/// So many tenths in milliseconds, and at least one, because 0 is no limit.
fn tenths(span: Duration, of: u128) -> u128 {
    (span.as_millis() * of / 10).max(1)
}

/// Milliseconds with the largest unit that divides them, as PostgreSQL shows a setting.
fn as_the_server_says(ms: u128) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
    let fitting = units.iter().find(|(_, of)| ms > 0 && ms.is_multiple_of(*of));
    fitting.map_or_else(|| "0".to_owned(), |(unit, of)| format!("{}{unit}", ms / of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sixth_of_the_lease_within_bounds() {
        let of = |lease| Timeouts::of_job(Duration::from_secs(lease), None).answer().unwrap();
        assert_eq!(of(2), SHORTEST);
        assert_eq!(of(30), Duration::from_secs(5));
        assert_eq!(of(90), Duration::from_secs(15));
        assert_eq!(of(900), LONGEST);
        assert_eq!(longest_answer(Duration::from_mins(15)), Duration::from_secs(150));
        assert!(Timeouts::unlimited(None).answer().is_none());
        let look = Timeouts::read_only(None).answer().unwrap();
        assert!(look <= LOOK && look > LOOK / 2);
    }

    #[test]
    fn hosts_share_the_time_to_connect() {
        let timeouts = Timeouts::of_job(Duration::from_secs(90), None);
        let secs = |asked: Option<u64>, hosts| {
            let (all, share) = timeouts.connect(asked.map(Duration::from_secs), hosts);
            (all.as_secs_f64(), share.as_secs_f64())
        };
        assert_eq!(secs(None, 1), (10.0, 10.0));
        assert_eq!(secs(Some(3), 1), (3.0, 3.0));
        assert_eq!(secs(Some(60), 2), (10.0, 5.0));
        assert_eq!(secs(Some(3), 3), (3.0, 2.0));
    }

    #[test]
    fn the_server_is_told_less_than_we_wait() {
        let timeouts = Timeouts::of_job(Duration::from_secs(90), None);
        assert_eq!(
            timeouts.local_settings(),
            " isolation level read committed; set local lock_timeout = 7500; set local statement_timeout = 12000; \
             set local idle_in_transaction_session_timeout = 60000"
        );
        assert!(timeouts.is_in_force("7500ms") && !timeouts.is_in_force("200ms"));
        assert!(Timeouts::of_job(Duration::from_secs(72), None).is_in_force("6s"));
        assert!(Timeouts::unlimited(None).is_in_force("0"));
        assert!(Timeouts::unlimited(Some(Duration::from_millis(1))).is_in_force("1ms"));
        assert!(Timeouts::unlimited(Some(Duration::from_mins(4))).is_in_force("2min"));
    }
}
