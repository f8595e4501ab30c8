use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rstest::rstest;

use super::begin;
use crate::core::stages::fixture::{at, context, decided, life_event, snapshot};
use crate::core::stages::outputs::Extraction;
use crate::core::stages::outputs::LifeSim;
use crate::core::stages::outputs::{Findings, Output};
use crate::core::tone::Tone;
use crate::domain::effect::Effect;
use crate::domain::memory::{Mood, MoodDelta};
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

fn mood(snapshot: Snapshot, findings: Findings) -> Mood {
    let decision = decided(begin(&context(snapshot, findings)));
    let Output::Emotional(emotional) = decision.output else { panic!("another stage's output") };
    assert_eq!(decision.effects, [Effect::Feel { mood: emotional.mood }]);
    emotional.mood
}

/// Arousal, valence, dominance, intimacy.
#[track_caller]
fn assert_mood(mood: Mood, expected: [f64; 4]) {
    let sides = [mood.arousal, mood.valence, mood.dominance, mood.intimacy];
    let close = sides.iter().zip(expected).all(|(side, expected)| (side - expected).abs() < 1e-9);
    assert!(close, "{sides:?} is not {expected:?}");
}

fn at_time(time: &str, zone: &str) -> Snapshot {
    Snapshot { now: at(time), ..in_zone(zone) }
}

fn in_zone(zone: &str) -> Snapshot {
    let mut snapshot = snapshot();
    snapshot.player.timezone = zone.into();
    // With chapter 3 and score 50 the mood depends only on the time, plus 0.10 intimacy.
    snapshot.player.chapter = 3;
    snapshot
}

fn toned(tone: Tone) -> Findings {
    Findings { extraction: Some(Extraction { tone, ..Extraction::default() }), ..Findings::default() }
}

fn lived(impacts: &[MoodDelta]) -> Findings {
    let events = impacts.iter().map(|impact| life_event("2026-11-25", *impact)).collect();
    Findings { life_sim: Some(LifeSim { events }), ..Findings::default() }
}

// 2026-11-25 is a Wednesday: dominance 0.5 + 0.05.
#[rstest]
#[case("2026-11-25T04:59:59Z", 0.30, 0.40)]
#[case("2026-11-25T05:00:00Z", 0.40, 0.45)]
#[case("2026-11-25T07:59:59Z", 0.40, 0.45)]
#[case("2026-11-25T08:00:00Z", 0.65, 0.60)]
#[case("2026-11-25T11:59:59Z", 0.65, 0.60)]
#[case("2026-11-25T12:00:00Z", 0.55, 0.50)]
#[case("2026-11-25T16:59:59Z", 0.55, 0.50)]
#[case("2026-11-25T17:00:00Z", 0.45, 0.55)]
#[case("2026-11-25T20:59:59Z", 0.45, 0.55)]
#[case("2026-11-25T21:00:00Z", 0.35, 0.50)]
#[case("2026-11-25T23:59:59.999999Z", 0.35, 0.50)]
#[case("2026-11-25T00:00:00Z", 0.30, 0.40)]
fn the_hour(#[case] time: &str, #[case] arousal: f64, #[case] valence: f64) {
    assert_mood(mood(at_time(time, "UTC"), Findings::default()), [arousal, valence, 0.55, 0.6]);
}

// Each at 14:00: arousal +0.05.
#[rstest]
#[case::monday("2026-11-23", 0.55, 0.50, 0.55)]
#[case::tuesday("2026-11-24", 0.55, 0.50, 0.55)]
#[case::wednesday("2026-11-25", 0.55, 0.50, 0.55)]
#[case::thursday("2026-11-26", 0.55, 0.50, 0.55)]
#[case::friday("2026-11-27", 0.65, 0.60, 0.55)]
#[case::saturday("2026-11-28", 0.50, 0.60, 0.45)]
#[case::sunday("2026-11-29", 0.50, 0.60, 0.45)]
fn the_day(#[case] date: &str, #[case] arousal: f64, #[case] valence: f64, #[case] dominance: f64) {
    let snapshot = at_time(&format!("{date}T14:00:00Z"), "UTC");
    assert_mood(mood(snapshot, Findings::default()), [arousal, valence, dominance, 0.6]);
}

#[rstest]
// Berlin's clocks jump from 02:00 to 03:00 on Sunday 2026-03-29 at 01:00 UTC: 05:00 there is 04:00 UTC before, 03:00 UTC after.
#[case::berlin_day_before_the_leap("2026-03-28T03:00:00Z", "Europe/Berlin", [0.25, 0.50, 0.45, 0.6])]
#[case::berlin_just_before_the_leap("2026-03-29T00:59:59Z", "Europe/Berlin", [0.25, 0.50, 0.45, 0.6])]
#[case::berlin_just_after_the_leap("2026-03-29T01:00:00Z", "Europe/Berlin", [0.25, 0.50, 0.45, 0.6])]
#[case::berlin_two_hours_after("2026-03-29T03:00:00Z", "Europe/Berlin", [0.35, 0.55, 0.45, 0.6])]
// Beirut's clocks jump from 00:00 to 01:00 on the same Sunday, at 22:00 UTC: from Saturday's night to Sunday's late night.
#[case::beirut_before_midnight("2026-03-28T21:59:59Z", "Asia/Beirut", [0.30, 0.60, 0.45, 0.6])]
#[case::beirut_without_midnight("2026-03-28T22:00:00Z", "Asia/Beirut", [0.25, 0.50, 0.45, 0.6])]
#[case::leap_day_is_a_tuesday("2028-02-29T14:00:00Z", "UTC", [0.55, 0.50, 0.55, 0.6])]
// New York repeats 01:00–02:00 on Sunday 2026-11-01: 05:00 local is 10:00 UTC, and 09:59 UTC still is 04:59.
#[case::new_york_first_one_o_clock("2026-11-01T05:30:00Z", "America/New_York", [0.25, 0.50, 0.45, 0.6])]
#[case::new_york_second_one_o_clock("2026-11-01T06:30:00Z", "America/New_York", [0.25, 0.50, 0.45, 0.6])]
#[case::new_york_before_five("2026-11-01T09:59:59Z", "America/New_York", [0.25, 0.50, 0.45, 0.6])]
#[case::new_york_five("2026-11-01T10:00:00Z", "America/New_York", [0.35, 0.55, 0.45, 0.6])]
// Another date than UTC's: Thursday 13:00 UTC is Friday 00:00 in Sydney; Friday 02:00 UTC is Thursday 21:00 in New York.
#[case::sydney_is_ahead("2026-11-26T13:00:00Z", "Australia/Sydney", [0.40, 0.50, 0.55, 0.6])]
#[case::new_york_is_behind("2026-11-27T02:00:00Z", "America/New_York", [0.35, 0.50, 0.55, 0.6])]
#[case::unknown_zones_are_utc("2026-11-25T14:00:00Z", "Mars/Olympus", [0.55, 0.50, 0.55, 0.6])]
fn the_time_is_the_players(#[case] time: &str, #[case] zone: &str, #[case] expected: [f64; 4]) {
    assert_mood(mood(at_time(time, zone), Findings::default()), expected);
}

// Wednesday 14:00, chapter 3, score 50: 0.55, 0.50, 0.55, 0.60 before the tone.
#[rstest]
#[case(Tone::Supportive, [0.55, 0.65, 0.60, 0.70])]
#[case(Tone::Dismissive, [0.55, 0.35, 0.45, 0.50])]
#[case(Tone::Romantic, [0.65, 0.70, 0.55, 0.80])]
#[case(Tone::Cold, [0.50, 0.30, 0.55, 0.40])]
#[case(Tone::Playful, [0.70, 0.65, 0.55, 0.65])]
#[case(Tone::Anxious, [0.75, 0.40, 0.40, 0.60])]
#[case(Tone::Apologetic, [0.55, 0.55, 0.45, 0.70])]
#[case(Tone::Neutral, [0.55, 0.50, 0.55, 0.60])]
#[case(Tone::Positive, [0.55, 0.575, 0.575, 0.65])]
#[case(Tone::Negative, [0.525, 0.40, 0.55, 0.50])]
#[case(Tone::Mixed, [0.55, 0.50, 0.55, 0.60])]
fn the_tone(#[case] tone: Tone, #[case] expected: [f64; 4]) {
    assert_mood(mood(in_zone("UTC"), toned(tone)), expected);
}

#[test]
fn life_events_add_up_to_a_bound() {
    let slight = MoodDelta { arousal: 0.1, valence: -0.05, dominance: 0.02, intimacy: 0.0 };
    assert_mood(mood(in_zone("UTC"), lived(&[slight, slight])), [0.75, 0.40, 0.59, 0.60]);
    let strong = MoodDelta { arousal: 0.2, valence: -0.2, dominance: 5.0, intimacy: -9.0 };
    assert_mood(mood(in_zone("UTC"), lived(&[strong, strong])), [0.85, 0.20, 0.85, 0.30]);
    // The bound applies to the sum, not to each step.
    let back = MoodDelta { arousal: -0.4, ..MoodDelta::default() };
    assert_mood(mood(in_zone("UTC"), lived(&[strong, strong, back])), [0.55, 0.20, 0.85, 0.30]);
}

// Wednesday 14:00, score 50: dominance 0.55 before the chapter.
#[rstest]
#[case(1, 0.65, 0.50)]
#[case(2, 0.60, 0.55)]
#[case(3, 0.55, 0.60)]
#[case(4, 0.50, 0.65)]
#[case(5, 0.45, 0.70)]
#[case(0, 0.55, 0.50)]
#[case(6, 0.55, 0.50)]
fn the_chapter(#[case] chapter: i32, #[case] dominance: f64, #[case] intimacy: f64) {
    let mut snapshot = snapshot();
    snapshot.player.chapter = chapter;
    assert_mood(mood(snapshot, Findings::default()), [0.55, 0.50, dominance, intimacy]);
}

#[rstest]
#[case(0, 0.40)]
#[case(2500, 0.45)]
#[case(5000, 0.50)]
#[case(10_000, 0.60)]
fn the_score(#[case] score: i64, #[case] valence: f64) {
    let mut snapshot = in_zone("UTC");
    snapshot.player.score = Points(score);
    assert_mood(mood(snapshot, Findings::default()), [0.55, valence, 0.55, 0.60]);
}

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4_102_444_800).prop_filter_map("a moment", |seconds| DateTime::from_timestamp(seconds, 0))
}

proptest! {
    #[test]
    fn every_side_stays_on_its_scale(
        now in moments(),
        zone in proptest::sample::select(&["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"][..]),
        chapter in -1..8,
        score in -20_000_i64..20_000,
        tone in proptest::sample::select(&Tone::ALL[..]),
        impacts in proptest::collection::vec((-3.0..3.0, -3.0..3.0, -3.0..3.0, -3.0..3.0), 0..6),
    ) {
        let mut snapshot = Snapshot { now, ..in_zone(zone) };
        snapshot.player.chapter = chapter;
        snapshot.player.score = Points(score);
        let delta = |(arousal, valence, dominance, intimacy)| MoodDelta { arousal, valence, dominance, intimacy };
        let impacts: Vec<MoodDelta> = impacts.into_iter().map(delta).collect();
        let findings = Findings { extraction: toned(tone).extraction, ..lived(&impacts) };
        let mood = mood(snapshot, findings);
        for side in [mood.arousal, mood.valence, mood.dominance, mood.intimacy] {
            prop_assert!((0.0..=1.0).contains(&side));
        }
    }
}
