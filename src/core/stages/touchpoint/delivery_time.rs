//! The delivery time of a message: a few minutes from now, but not at night.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::domain::time_zone::TimeZone;

/// The shortest delay, in minutes: an instant message after a conversation would look automatic.
const LEAST_DELAY: u64 = 5;
/// The longest delay, in minutes.
const MOST_DELAY: u64 = 30;
/// The local hour at which the night begins.
const NIGHT_BEGINS: u32 = 23;
/// The local hour at which it ends.
const NIGHT_ENDS: u32 = 8;

/// `now` plus 5 to 30 minutes, depending on `number`; at 08:00 if that is between 23:00 and 08:00 in `zone`.
pub(super) fn at(now: DateTime<Utc>, zone: &TimeZone, number: u64) -> DateTime<Utc> {
    let minutes = LEAST_DELAY + number % (MOST_DELAY - LEAST_DELAY + 1);
    let wanted = now + TimeDelta::minutes(i64::try_from(minutes).unwrap_or_default());
    let local = zone.local(wanted);
    let morning = match local.hour() {
        NIGHT_BEGINS.. => local.date_naive().succ_opt(),
        ..NIGHT_ENDS => Some(local.date_naive()),
        _ => None,
    };
    match (morning, NaiveTime::from_hms_opt(NIGHT_ENDS, 0, 0)) {
        (Some(date), Some(time)) => instant(zone, date.and_time(time)).max(wanted),
        _ => wanted,
    }
}

/// The first instant at which the clocks of `zone` show `local`, or, if they skip it, the next daytime that they show.
/// The longest skip is a whole day (Samoa, 30 December 2011).
fn instant(zone: &TimeZone, local: NaiveDateTime) -> DateTime<Utc> {
    const STEPS: i32 = 2 * 24 * 12;
    (0..=STEPS)
        .filter_map(|step| local.checked_add_signed(TimeDelta::minutes(5) * step))
        .filter(|local| (NIGHT_ENDS..NIGHT_BEGINS).contains(&local.hour()))
        .find_map(|local| zone.first_instant(local))
        .unwrap_or_else(|| local.and_utc())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::at;
    use crate::domain::time_zone::TimeZone;

    /// `number` 0 means five minutes, 25 means thirty.
    #[rstest]
    #[case::shortest("2026-03-04T12:00:00Z", "UTC", 0, "2026-03-04T12:05:00Z")]
    #[case::longest("2026-03-04T12:00:00Z", "UTC", 25, "2026-03-04T12:30:00Z")]
    #[case::round_again("2026-03-04T12:00:00Z", "UTC", 26, "2026-03-04T12:05:00Z")]
    #[case::before_night("2026-03-04T22:54:59Z", "UTC", 0, "2026-03-04T22:59:59Z")]
    #[case::at_23("2026-03-04T22:55:00Z", "UTC", 0, "2026-03-05T08:00:00Z")]
    #[case::after_midnight("2026-03-05T03:00:00Z", "UTC", 0, "2026-03-05T08:00:00Z")]
    #[case::at_eight("2026-03-05T07:55:00Z", "UTC", 0, "2026-03-05T08:00:00Z")]
    #[case::local_night("2026-03-04T18:00:00Z", "Asia/Tokyo", 0, "2026-03-04T23:00:00Z")] // 03:05 +9
    #[case::end_of_year("2026-12-31T23:30:00Z", "UTC", 0, "2027-01-01T08:00:00Z")]
    #[case::clocks_forward("2026-03-29T00:30:00Z", "Europe/Berlin", 0, "2026-03-29T06:00:00Z")] // 08:00 +2
    #[case::clocks_back("2026-10-25T00:30:00Z", "Europe/Berlin", 0, "2026-10-25T07:00:00Z")] // 08:00 +1
    #[case::no_midnight("2026-09-06T03:30:00Z", "America/Santiago", 0, "2026-09-06T11:00:00Z")] // 23:35 −4; 08:00 −3
    #[case::leap_day("2028-02-28T23:30:00Z", "UTC", 0, "2028-02-29T08:00:00Z")]
    #[case::skipped_day("2011-12-30T09:00:00Z", "Pacific/Apia", 0, "2011-12-30T18:00:00Z")] // 29 Dec 23:05 −10; 31 Dec 08:00 +14
    fn waits_for_the_morning(#[case] now: &str, #[case] zone: &str, #[case] number: u64, #[case] expected: &str) {
        let delivery = at(now.parse().unwrap(), &TimeZone::named(zone).unwrap(), number);
        assert_eq!(delivery, expected.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    }
}
