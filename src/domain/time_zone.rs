//! A player's time zone: the offset of an instant, and the instant of a local time.
//!
//! The rules are jiff's bundled copy of the IANA database, so that every host decides the same, whatever its `/usr/share/zoneinfo`.
//! jiff stores them as plain bytes. chrono-tz's tables have a megabyte of pointers, which the dynamic linker relocates at the start
//! of each process.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Offset as _, TimeZone as _, Timelike, Utc};
use jiff::Timestamp;
use jiff::tz::{self, AmbiguousOffset, Offset, TimeZoneDatabase};

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(tz::TimeZone);

impl TimeZone {
    /// The zone by its IANA name, in any case; `None` if there is no such zone.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// The zone of offset 0.
    #[must_use]
    pub const fn utc() -> Self {
        Self(tz::TimeZone::UTC)
    }

    /// The local time of the zone at `instant`. After the year 9999, where its rules end, it is UTC.
    #[must_use]
    pub fn local(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        let offset = Timestamp::from_second(instant.timestamp()).map_or(Offset::UTC, |stamp| self.0.to_offset(stamp));
        instant.with_timezone(&fixed(offset))
    }

    /// The first instant at which the clocks of the zone show `local`; `None` if they skip it.
    #[must_use]
    pub fn first_instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let civil = jiff::civil::DateTime::new(
            i16::try_from(local.year()).ok()?,
            i8::try_from(local.month()).ok()?,
            i8::try_from(local.day()).ok()?,
            i8::try_from(local.hour()).ok()?,
            i8::try_from(local.minute()).ok()?,
            i8::try_from(local.second()).ok()?,
            0,
        );
        let offset = match self.0.to_ambiguous_timestamp(civil.ok()?).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => offset,
            AmbiguousOffset::Gap { .. } => return None,
        };
        Some(fixed(offset).from_local_datetime(&local).single()?.to_utc())
    }
}

/// Converts an offset. chrono limits offsets to less than a day; IANA's are at most 16 hours.
fn fixed(offset: Offset) -> FixedOffset {
    FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| Utc.fix())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::west("America/St_Johns", "2026-01-15T12:00:00Z", "2026-01-15T08:30:00-03:30")]
    #[case::in_summer("Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T14:00:00+02:00")]
    #[case::long_after_the_last_listed_change("Europe/Berlin", "2087-07-01T12:00:00Z", "2087-07-01T14:00:00+02:00")]
    #[case::in_any_case("asia/KATHMANDU", "2026-01-15T12:00:00Z", "2026-01-15T17:45:00+05:45")]
    #[case::after_the_rules_end("Asia/Tokyo", "+12026-01-15T12:00:00Z", "+12026-01-15T12:00:00+00:00")]
    fn shows_the_local_time(#[case] zone: &str, #[case] instant: DateTime<Utc>, #[case] local: &str) {
        let shown = TimeZone::named(zone).unwrap().local(instant);
        assert_eq!(shown.to_rfc3339_opts(chrono::SecondsFormat::Secs, false), local);
    }

    #[rstest]
    #[case::plain("2026-07-01T08:00:00", Some("2026-07-01T06:00:00Z"))]
    #[case::skipped("2026-03-29T02:30:00", None)]
    #[case::shown_twice("2026-10-25T02:30:00", Some("2026-10-25T00:30:00Z"))]
    #[case::after_the_rules_end("+12026-07-01T08:00:00", None)]
    fn finds_the_first_instant(#[case] local: NaiveDateTime, #[case] instant: Option<&str>) {
        let found = TimeZone::named("Europe/Berlin").unwrap().first_instant(local);
        assert_eq!(found, instant.map(|it| it.parse().unwrap()));
    }

    #[test]
    fn unknown_zones_are_none() {
        assert_eq!(TimeZone::named("Mars/Olympus_Mons"), None);
        assert_eq!(TimeZone::named(""), None);
        assert_eq!(TimeZone::named("UTC"), Some(TimeZone::utc()));
    }
}
