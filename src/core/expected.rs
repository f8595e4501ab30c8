//! When a job's next run is expected, by the times of its latest ones: a report looks at a database, whose jobs other hosts may start.

use chrono::{DateTime, TimeDelta, Utc};

/// From so many runs on there is something that one can expect.
const FEWEST: usize = 3;
/// What runs more often does so by hand.
const SHORTEST: TimeDelta = TimeDelta::seconds(10);

/// A job's next run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The usual time between the starts of two runs: the median.
    pub every: TimeDelta,
    /// When the next one should begin.
    pub at: DateTime<Utc>,
}

impl Expected {
    /// Whether it should have begun long ago: a run's length, a timer's random delay and a closed window are nothing to worry about.
    #[must_use]
    pub fn is_missed(&self, now: DateTime<Utc>) -> bool {
        now - self.at > self.every.max(TimeDelta::minutes(1))
    }
}

/// The next run of a job whose latest runs began at these times, in any order; none where they are too few. What lies in the future
/// is not believed.
#[must_use]
pub fn next(began: impl Iterator<Item = DateTime<Utc>>, now: DateTime<Utc>) -> Option<Expected> {
    let mut began: Vec<_> = began.filter(|at| *at <= now).collect();
    began.sort_unstable();
    let last = *began.last()?;
    let mut gaps: Vec<_> = began.windows(2).map(|two| two[1] - two[0]).collect();
    gaps.sort_unstable();
    let every = *gaps.get(gaps.len() / 2).filter(|_| began.len() >= FEWEST)?;
    let at = last.checked_add_signed(every)?;
    (every >= SHORTEST).then_some(Expected { every, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn of(minutes: &[i64], now: i64) -> Option<Expected> {
        next(minutes.iter().map(|it| at(*it)), at(now))
    }

    #[test]
    fn the_median_is_what_is_usual() {
        let expected = of(&[0, 5, 10, 15, 75, 80], 82).expect("six runs are enough");
        assert_eq!((expected.every, expected.at), (TimeDelta::minutes(5), at(85)));
        assert!(!expected.is_missed(at(90)), "a little late is not missed");
        assert!(expected.is_missed(at(91)));
    }

    #[test]
    fn of_few_runs_or_of_runs_at_once_nothing_is_expected() {
        assert_eq!(of(&[], 9), None);
        assert_eq!(of(&[1, 2], 9), None);
        assert_eq!(of(&[5, 5, 5], 9), None);
    }

    #[test]
    fn the_future_is_not_believed() {
        assert_eq!(of(&[0, 5, 10, 9_000], 12).map(|it| it.at), Some(at(15)));
    }
}
