use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use super::{Draw, begin, decide};
use crate::core::stages::fixture::quiet::{at, context, decided, event, snapshot};
use crate::core::stages::outputs::Conflict;
use crate::core::stages::outputs::LifeSim;
use crate::core::stages::outputs::{Findings, Output};
use crate::domain::effect::{Effect, NewTouchpoint, Trigger};
use crate::domain::ids::UserId;
use crate::domain::memory::MoodDelta;
use crate::domain::player::GameStatus;
use crate::domain::snapshot::Snapshot;

/// A snapshot whose player wins the day's draw of `trigger` and loses the draws of the triggers before it.
fn winning(trigger: Trigger, change: impl Fn(&mut Snapshot)) -> Snapshot {
    let mut snapshot = snapshot();
    change(&mut snapshot);
    let day = snapshot.player.zone().local(snapshot.now).date_naive().to_string();
    let wins = |user: UserId, trigger: Trigger| {
        let draw = Draw { user: user.to_string(), day: day.clone() };
        draw.unit(trigger.as_str()) < draw.rate(snapshot.player.chapter)
    };
    let all = [Trigger::Event, Trigger::Gap, Trigger::Time];
    let user = (0..10_000)
        .map(|n| UserId(Uuid::from_u128(n)))
        .find(|&user| {
            wins(user, trigger) && all.iter().take_while(|&&other| other != trigger).all(|&other| !wins(user, other))
        })
        .unwrap();
    snapshot.player.id = user;
    snapshot
}

fn told(importance: f64, used: &[u128]) -> (impl Fn(&mut Snapshot), Findings) {
    let used: Vec<Uuid> = used.iter().map(|&id| Uuid::from_u128(id)).collect();
    let findings = Findings {
        life_sim: Some(LifeSim { events: vec![event(1, 0.5, "Washed up"), event(2, importance, "Met Mira")] }),
        ..Findings::default()
    };
    (move |snapshot: &mut Snapshot| snapshot.touchpoints.used_events.clone_from(&used), findings)
}

/// At noon, five minutes after the last contact, only an event can be due.
#[rstest]
#[case::important(0.7, &[], true)]
#[case::not_enough(0.69, &[], false)]
#[case::used(0.9, &[2], false)]
#[case::another_used(0.9, &[1], true)]
fn an_event_is_due(#[case] importance: f64, #[case] used: &[u128], #[case] due: bool) {
    let (change, findings) = told(importance, used);
    let new = decide(&winning(Trigger::Event, change), &findings);
    assert_eq!(new.as_ref().map(|new| new.trigger), due.then_some(Trigger::Event));
    if let Some(new) = new {
        let context = json!({
            "trigger_type": "event", "event_id": Uuid::from_u128(2), "event_type": "friend_hangout", "event_description": "Met Mira",
            "chapter": 1, "emotional_state": {"arousal": 0.5, "valence": 0.5, "dominance": 0.5, "intimacy": 0.5},
        });
        assert_eq!(new.context, context);
        assert!(new.message.contains("Met Mira."), "{}", new.message);
    }
}

#[test]
fn an_event_of_another_day_or_without_impact_is_not_due() {
    let snapshot = winning(Trigger::Event, |_| {});
    let mut yesterday = event(1, 0.9, "Met Mira");
    yesterday.date = yesterday.date.pred_opt().unwrap();
    let mut flat = event(2, 0.9, "Met Mira");
    flat.emotional_impact = MoodDelta::default();
    let findings = Findings { life_sim: Some(LifeSim { events: vec![yesterday, flat] }), ..Findings::default() };
    assert_eq!(decide(&snapshot, &findings), None);
}

#[test]
fn the_most_important_event_is_chosen() {
    let snapshot = winning(Trigger::Event, |_| {});
    let events = vec![event(1, 0.7, "One"), event(2, 0.9, "Two"), event(3, 0.9, "Three")];
    let findings = Findings { life_sim: Some(LifeSim { events }), ..Findings::default() };
    assert_eq!(decide(&snapshot, &findings).unwrap().context["event_id"], json!(Uuid::from_u128(2)));
}

#[rstest]
#[case::a_day(Some("2026-03-03T12:00:00Z"), Some(24))]
#[case::longer(Some("2026-03-01T11:00:00Z"), Some(73))]
#[case::not_a_day(Some("2026-03-03T12:00:01Z"), None)]
#[case::in_the_future(Some("2026-03-05T12:00:00Z"), None)]
#[case::never(None, None)]
fn a_gap_is_due(#[case] last: Option<&str>, #[case] hours: Option<i64>) {
    let snapshot = winning(Trigger::Gap, |snapshot| snapshot.player.last_interaction_at = last.map(at));
    let new = decide(&snapshot, &Findings::default());
    assert_eq!(new.as_ref().map(|new| new.trigger), hours.map(|_| Trigger::Gap));
    assert_eq!(new.map(|new| new.context["hours_since_contact"].clone()), hours.map(|hours| json!(hours)));
}

#[rstest]
#[case("2026-03-04T07:59:59Z", "UTC", None)]
#[case("2026-03-04T08:00:00Z", "UTC", Some("morning"))]
#[case("2026-03-04T09:59:59Z", "UTC", Some("morning"))]
#[case("2026-03-04T10:00:00Z", "UTC", None)]
#[case("2026-03-04T18:59:59Z", "UTC", None)]
#[case("2026-03-04T19:00:00Z", "UTC", Some("evening"))]
#[case("2026-03-04T20:59:59Z", "UTC", Some("evening"))]
#[case("2026-03-04T21:00:00Z", "UTC", None)]
#[case::berlin("2026-03-04T07:30:00Z", "Europe/Berlin", Some("morning"))]
#[case::no_such_zone("2026-03-04T08:30:00Z", "Mars/Base", Some("morning"))]
fn a_time_is_due(#[case] now: &str, #[case] zone: &str, #[case] part: Option<&str>) {
    let snapshot = winning(Trigger::Time, |snapshot| {
        snapshot.now = at(now);
        snapshot.player.last_interaction_at = Some(at(now));
        snapshot.player.timezone = zone.to_owned();
    });
    let new = decide(&snapshot, &Findings::default());
    assert_eq!(new.map(|new| new.context["time_slot"].clone()), part.map(|part| json!(part)));
}

#[rstest]
#[case::as_it_is(|_: &mut Snapshot| {}, true)]
#[case::without_telegram(|it: &mut Snapshot| it.player.telegram_id = None, false)]
#[case::notifications_off(|it: &mut Snapshot| it.player.notifications_enabled = false, false)]
#[case::one_pending(|it: &mut Snapshot| it.touchpoints.pending = true, false)]
#[case::delivered_4_hours_ago(|it: &mut Snapshot| it.touchpoints.last_delivered_at = Some(at("2026-03-04T08:00:00Z")), true)]
#[case::delivered_lately(|it: &mut Snapshot| it.touchpoints.last_delivered_at = Some(at("2026-03-04T08:00:01Z")), false)]
#[case::delivered_by_a_fast_clock(|it: &mut Snapshot| it.touchpoints.last_delivered_at = Some(at("2026-03-04T12:10:00Z")), false)]
#[case::in_a_boss_fight(|it: &mut Snapshot| it.player.game_status = GameStatus::BossFight, false)]
#[case::lost(|it: &mut Snapshot| it.player.game_status = GameStatus::GameOver, false)]
fn she_may_write(#[case] change: fn(&mut Snapshot), #[case] may: bool) {
    let snapshot = winning(Trigger::Gap, |snapshot| {
        snapshot.player.last_interaction_at = Some(snapshot.now - TimeDelta::hours(30));
        change(snapshot);
    });
    assert_eq!(decide(&snapshot, &Findings::default()).is_some(), may);
}

#[test]
fn a_breakup_silences_her() {
    let snapshot = winning(Trigger::Gap, |it| it.player.last_interaction_at = Some(it.now - TimeDelta::hours(30)));
    let conflict =
        |breakup| Findings { conflict: Some(Conflict { breakup, ..Conflict::default() }), ..Findings::default() };
    assert!(decide(&snapshot, &conflict(false)).is_some());
    assert_eq!(decide(&snapshot, &conflict(true)), None);
}

#[test]
fn after_a_lost_draw_the_next_trigger_is_tried() {
    let snapshot = winning(Trigger::Gap, |it| it.player.last_interaction_at = Some(it.now - TimeDelta::hours(30)));
    let (_, findings) = told(0.9, &[]);
    assert_eq!(decide(&snapshot, &findings).unwrap().trigger, Trigger::Gap);
}

/// Of 10,000 players on one day, about as many get a message as the middle of the chapter's range.
#[rstest]
#[case(-1, 1750)]
#[case(1, 1750)]
#[case(2, 2250)]
#[case(3, 2750)]
#[case(9, 2750)]
fn rates(#[case] chapter: i32, #[case] expected: i64) {
    let mut snapshot = snapshot();
    snapshot.player.chapter = chapter;
    snapshot.player.last_interaction_at = Some(at("2026-03-01T00:00:00Z"));
    let mut written = 0;
    for n in 0..10_000 {
        snapshot.player.id = UserId(Uuid::from_u128(n));
        written += i64::from(decide(&snapshot, &Findings::default()).is_some());
    }
    assert!((written - expected).abs() < 150, "{written}");
}

#[test]
fn a_rerun_decides_the_same_and_a_later_one_keeps_the_id() {
    let snapshot = winning(Trigger::Gap, |it| it.player.last_interaction_at = Some(it.now - TimeDelta::hours(30)));
    let first = decide(&snapshot, &Findings::default()).unwrap();
    assert_eq!(decide(&snapshot, &Findings::default()).as_ref(), Some(&first));
    let mut later = snapshot.clone();
    later.now += TimeDelta::hours(2);
    let NewTouchpoint { id, .. } = decide(&later, &Findings::default()).unwrap();
    assert_eq!(id, first.id);
    later.now += TimeDelta::hours(24);
    assert_ne!(decide(&later, &Findings::default()).map(|new| new.id), Some(first.id));
}

#[test]
fn the_stage_schedules_what_it_decides() {
    let snapshot = winning(Trigger::Gap, |it| it.player.last_interaction_at = Some(it.now - TimeDelta::hours(30)));
    let new = decide(&snapshot, &Findings::default()).unwrap();
    let decision = decided(begin(&context(snapshot, Findings::default())).unwrap());
    assert_eq!(decision.effects, [Effect::ScheduleTouchpoint(new)]);
    assert!(matches!(decision.output, Output::Touchpoint(it) if it.scheduled == Some(Trigger::Gap)));
}
