//! `life_sim`: her own day. Three to five events, created once for a player and a local date.

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use self::catalogue::{CATALOGUE, DOMAINS, Entry, TIMES};
use super::outputs::{LifeSim, Output};
use super::step::{Context, StageError, Step};
use crate::core::stable_hash::hash64;
use crate::domain::effect::Effect;
use crate::domain::ids::UserId;
use crate::domain::memory::{LifeEvent, MoodDelta};

pub mod catalogue;

/// Begins the stage. A stored day stays unchanged, whoever wrote it.
///
/// # Errors
/// None of its own.
pub fn begin(context: &Context) -> Result<Step, StageError> {
    let snapshot = &context.snapshot;
    let date = snapshot.player.zone().local(snapshot.now).date_naive();
    let stored: Vec<LifeEvent> = snapshot.life_events.iter().filter(|event| event.date == date).cloned().collect();
    if !stored.is_empty() {
        return Ok(Step::done(Output::LifeSim(LifeSim { events: stored }), vec![]));
    }
    let events = make_day(snapshot.player.id, date);
    let effects = vec![Effect::LiveDay { date, events: events.clone() }];
    Ok(Step::done(Output::LifeSim(LifeSim { events }), effects))
}

/// Three to five different events in chronological order, the same for the same player and date. They cover all three domains and
/// at least three times of day.
#[must_use]
pub fn make_day(user: UserId, date: NaiveDate) -> Vec<LifeEvent> {
    let (user_text, date_text) = (user.to_string(), date.to_string());
    let chance = |what: &str| hash64(&["life_sim", &user_text, &date_text, what]);
    let (domains, times) = (shuffled(DOMAINS, chance), shuffled(TIMES, chance));
    let count = 3 + chance("count") % 3;

    // Cycling through three domains and four times gives twelve different pairs, so no event repeats.
    let pairs = domains.into_iter().cycle().zip(times.into_iter().cycle());
    let mut entries: Vec<&Entry> =
        pairs.zip(0..count).filter_map(|((domain, time), _)| choose(&user_text, date, domain, time)).collect();
    entries.sort_by_key(|entry| TIMES.iter().position(|time| *time == entry.time_of_day));
    entries.into_iter().enumerate().map(|(index, entry)| event(user, date, index, entry)).collect()
}

fn shuffled<const N: usize>(mut words: [&'static str; N], chance: impl Fn(&str) -> u64) -> [&'static str; N] {
    words.sort_by_cached_key(|word| chance(word));
    words
}

/// One of the events of a domain and time of day. A player's events rotate daily, so that none happens on two consecutive days;
/// the hash only decides the first.
fn choose(user: &str, date: NaiveDate, domain: &str, time: &str) -> Option<&'static Entry> {
    let choice: Vec<&Entry> = CATALOGUE.iter().filter(|it| it.domain == domain && it.time_of_day == time).collect();
    let count = u64::try_from(choice.len()).ok().filter(|count| *count > 0)?;
    let day = u64::from(date.num_days_from_ce().unsigned_abs());
    let start = hash64(&["life_sim", user, domain, time]) % count;
    choice.get(usize::try_from((start + day) % count).ok()?).copied()
}

fn event(user: UserId, date: NaiveDate, index: usize, entry: &Entry) -> LifeEvent {
    let [arousal, valence, dominance, intimacy] = entry.impact;
    LifeEvent {
        id: Uuid::new_v5(&user.0, format!("nikita_life_events:{date}:{index}").as_bytes()),
        date,
        time_of_day: entry.time_of_day.into(),
        domain: entry.domain.into(),
        event_type: entry.event_type.into(),
        description: entry.description.into(),
        emotional_impact: MoodDelta { arousal, valence, dominance, intimacy },
        importance: entry.importance,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::{NaiveDate, TimeDelta};
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    use super::catalogue::{CATALOGUE, TIMES};
    use super::{LifeSim, begin, make_day};
    use crate::core::stages::fixture::{at, context, decided, life_event, snapshot};
    use crate::core::stages::outputs::{Findings, Output};
    use crate::domain::effect::Effect;
    use crate::domain::ids::UserId;
    use crate::domain::memory::{LifeEvent, MoodDelta};
    use crate::domain::snapshot::Snapshot;

    fn live(snapshot: Snapshot) -> (Vec<LifeEvent>, Vec<Effect>) {
        let decision = decided(begin(&context(snapshot, Findings::default())));
        let Output::LifeSim(LifeSim { events }) = decision.output else { panic!("another stage's output") };
        (events, decision.effects)
    }

    #[rstest]
    #[case::utc("2026-11-25T14:00:00Z", "UTC", "2026-11-25")]
    #[case::ahead("2026-11-25T14:00:00Z", "Pacific/Auckland", "2026-11-26")]
    #[case::behind("2026-11-25T04:59:00Z", "America/New_York", "2026-11-24")]
    // Berlin's clocks go back on 2026-10-25: 22:30 UTC the day before is 00:30 there, 23:30 UTC on the day itself is past it.
    #[case::before_the_long_day("2026-10-24T22:30:00Z", "Europe/Berlin", "2026-10-25")]
    #[case::end_of_the_long_day("2026-10-25T22:30:00Z", "Europe/Berlin", "2026-10-25")]
    #[case::after_the_long_day("2026-10-25T23:30:00Z", "Europe/Berlin", "2026-10-26")]
    // Santiago and Beirut skip the hour after midnight, so that day does not begin at 00:00.
    #[case::before_a_day_without_midnight("2026-09-06T03:59:59Z", "America/Santiago", "2026-09-05")]
    #[case::a_day_without_midnight("2026-09-06T04:00:00Z", "America/Santiago", "2026-09-06")]
    #[case::beirut_before("2026-03-28T21:59:59Z", "Asia/Beirut", "2026-03-28")]
    #[case::beirut("2026-03-28T22:00:00Z", "Asia/Beirut", "2026-03-29")]
    #[case::leap_day("2028-02-28T11:00:00Z", "Pacific/Auckland", "2028-02-29")]
    fn a_day_is_created_for_the_players_date(#[case] now: &str, #[case] zone: &str, #[case] date: &str) {
        let mut snapshot = Snapshot { now: at(now), ..snapshot() };
        snapshot.player.timezone = zone.into();
        let date = date.parse().unwrap();
        // Another day's events do not count.
        snapshot.life_events = vec![life_event("2026-11-20", MoodDelta::default())];
        let expected = make_day(snapshot.player.id, date);
        let (events, effects) = live(snapshot);
        assert_eq!(events, expected);
        assert_eq!(effects, [Effect::LiveDay { date, events }]);
    }

    #[test]
    fn a_stored_day_stays() {
        let today = life_event("2026-11-25", MoodDelta::default());
        let mut snapshot = snapshot();
        snapshot.life_events = vec![life_event("2026-11-24", MoodDelta::default()), today.clone()];
        assert_eq!(live(snapshot), (vec![today], vec![]));
    }

    /// Computed independently. If it changes, a day that a crash left unstored is different the second time.
    #[test]
    fn a_known_day() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let day = make_day(UserId(Uuid::from_u128(0xA1)), date);
        let types: Vec<&str> = day.iter().map(|event| event.event_type.as_str()).collect();
        assert_eq!(types, ["new_person", "deadline", "plans_cancelled", "win", "health"]);
    }

    #[test]
    fn a_year_is_varied() {
        let user = UserId(Uuid::from_u128(0xA1));
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let mut happened = HashSet::new();
        let mut counts = HashSet::new();
        let mut yesterday: Vec<String> = vec![];
        for day in 0..365 {
            let events = make_day(user, first + TimeDelta::days(day));
            counts.insert(events.len());
            let today: Vec<String> = events.into_iter().map(|event| event.description).collect();
            assert!(today.iter().all(|it| !yesterday.contains(it)), "day {day} repeats {today:?}");
            happened.extend(today.iter().cloned());
            yesterday = today;
        }
        assert_eq!(counts, HashSet::from([3, 4, 5]));
        assert_eq!(happened.len(), CATALOGUE.len(), "everything happens within a year");
    }

    proptest! {
        #[test]
        fn a_day_has_three_to_five_different_events(user in any::<u128>(), day in 0_i64..40_000) {
            let user = UserId(Uuid::from_u128(user));
            let date = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + TimeDelta::days(day);
            let events = make_day(user, date);
            prop_assert_eq!(&events, &make_day(user, date));
            prop_assert!((3..=5).contains(&events.len()));
            let distinct = |of: fn(&LifeEvent) -> String| events.iter().map(of).collect::<HashSet<_>>().len();
            prop_assert_eq!(distinct(|event| event.description.clone()), events.len());
            prop_assert_eq!(distinct(|event| event.id.to_string()), events.len());
            prop_assert_eq!(distinct(|event| event.domain.clone()), 3);
            prop_assert_eq!(distinct(|event| event.time_of_day.clone()), events.len().min(4));
            let order: Vec<_> = events.iter().map(|event| TIMES.iter().position(|time| *time == event.time_of_day)).collect();
            prop_assert!(order.is_sorted());
            prop_assert!(events.iter().all(|event| event.date == date));
        }
    }
}
