use std::sync::Arc;

use chrono::{DateTime, Utc};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Conflict, Details, Zone, begin, decide};
use crate::core::settings::{ConflictKeeper, StageSettings};
use crate::core::stages::fixture::quiet::{at, context, decided, snapshot};
use crate::core::stages::outputs::GameState;
use crate::core::stages::outputs::{Findings, Output};
use crate::domain::conversation::Earlier;
use crate::domain::effect::{ConflictChange, Effect};
use crate::domain::player::GameStatus;
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

/// The fixture's last message.
const LAST_MESSAGE: &str = "2026-03-04T11:55:00.000000+00:00";

fn with(details: Value) -> Snapshot {
    let mut snapshot = snapshot();
    snapshot.player.conflict_details = Some(details);
    snapshot
}

/// `conflict_details` after a change is stored.
fn stored(snapshot: &Snapshot, change: &ConflictChange) -> Value {
    let mut details = Details::of(snapshot).fields;
    details.extend(change.fields.clone());
    details.retain(|name, value| !(value.is_null() && change.fields.contains_key(name)));
    Value::Object(details)
}

fn run(snapshot: &Snapshot, hundredths: i64) -> (Conflict, Value, Option<DateTime<Utc>>, Option<Value>) {
    let (conflict, effects) = decide(snapshot, &Details::of(snapshot), Points(hundredths));
    let mut effects = effects.into_iter();
    let Some(Effect::Conflict(change)) = effects.next() else { panic!("no conflict effect") };
    let (details, began_at) = (stored(snapshot, &change), change.began_at);
    let end = effects.next().map(|effect| match effect {
        Effect::EndGame { event_type, details } => {
            assert_eq!(event_type, "conflict_breakup");
            details
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(effects.next(), None);
    (conflict, details, began_at, end)
}

#[rstest]
#[case::untouched(0.0, LAST_MESSAGE, 0, 0.0)]
#[case::mild_loss(0.0, LAST_MESSAGE, -200, 3.0)] // 1.5 × 2
#[case::at_three_is_mild(0.0, LAST_MESSAGE, -300, 4.5)] // 1.5 × 3
#[case::over_three_is_hard(0.0, LAST_MESSAGE, -302, 9.53)] // 1.5 × 3.02 + 5
#[case::win_cools(40.0, LAST_MESSAGE, 500, 37.5)] // − 0.5 × 5
#[case::not_below_zero(1.0, LAST_MESSAGE, 500, 0.0)]
#[case::not_above_hundred(99.0, LAST_MESSAGE, -1000, 100.0)]
#[case::ten_hours_cool_five(40.0, "2026-03-04T01:55:00Z", 0, 35.0)]
#[case::cooling_then_heat(40.0, "2026-03-04T01:55:00Z", -400, 46.0)] // 35 + 6 + 5
#[case::cooled_out_before_heat(10.0, "2026-03-01T11:55:00Z", -200, 3.0)] // 10 − 36 stops at 0
#[case::offset_is_read(40.0, "2026-03-04T03:55:00+02:00", 0, 35.0)]
#[case::late_conversation_does_not_warm(40.0, "2026-03-04T11:59:00Z", 0, 40.0)]
fn temperature(#[case] before: f64, #[case] updated_at: &str, #[case] delta: i64, #[case] after: f64) {
    let (conflict, details, ..) = run(&with(json!({"temperature": before, "updated_at": updated_at})), delta);
    assert!((conflict.temperature - after).abs() < 1e-9, "{}", conflict.temperature);
    assert_eq!(details["temperature"], json!(conflict.temperature));
}

#[rstest]
#[case(0.0, Zone::Calm, false)]
#[case(24.99, Zone::Calm, false)]
#[case(25.0, Zone::Warm, false)]
#[case(49.99, Zone::Warm, false)]
#[case(50.0, Zone::Hot, true)]
#[case(74.99, Zone::Hot, true)]
#[case(75.0, Zone::Critical, true)]
#[case(100.0, Zone::Critical, true)]
fn zones(#[case] temperature: f64, #[case] zone: Zone, #[case] active: bool) {
    let (conflict, details, ..) = run(&with(json!({"temperature": temperature, "updated_at": LAST_MESSAGE})), 0);
    assert_eq!((conflict.zone, conflict.active), (zone, active));
    assert_eq!(details["zone"], zone.as_str());
}

#[rstest]
#[case::absent(json!(null))]
#[case::not_an_object(json!(["hot"]))]
#[case::wrong_types(json!({"temperature": "NaN", "updated_at": 5, "consecutive_crises": "2", "above_90_since": true}))]
#[case::no_times(json!({"temperature": null, "updated_at": "yesterday", "hot_since": "", "consecutive_crises": -1}))]
#[case::negative(json!({"temperature": -1e300}))]
fn invalid_fields_count_as_absent(#[case] details: Value) {
    let (conflict, details, began_at, end) = run(&with(details), -200);
    assert_eq!(conflict, Conflict { temperature: 3.0, ..Conflict::default() });
    assert_eq!(
        details,
        json!({"temperature": 3.0, "zone": "calm", "last_temp_update": LAST_MESSAGE, "consecutive_crises": 0})
    );
    assert_eq!((began_at, end), (None, None));
}

#[test]
fn a_future_updated_at_does_not_cool_and_is_corrected() {
    let details =
        json!({"temperature": 60.0, "updated_at": "2030-01-01T00:00:00Z", "hot_since": "2030-01-01T00:00:00Z"});
    let (conflict, details, ..) = run(&with(details), 0);
    assert!((conflict.temperature - 60.0).abs() < 1e-9);
    assert_eq!((&details["last_temp_update"], &details["hot_since"]), (&json!(LAST_MESSAGE), &json!(LAST_MESSAGE)));
}

#[test]
fn other_fields_survive() {
    let (_, details, ..) = run(&with(json!({"temperature": 0, "gottman": {"ratio": 5}, "breakup": "x"})), 0);
    assert_eq!(details["gottman"], json!({"ratio": 5}));
    assert_eq!(details.get("breakup"), None);
}

#[rstest]
#[case::begins(45.0, LAST_MESSAGE, -400, true)] // 45 + 11 = 56
#[case::goes_on(55.0, LAST_MESSAGE, -400, false)]
#[case::stays_away(30.0, LAST_MESSAGE, -400, false)]
#[case::begins_again_after_cooling(55.0, "2026-03-03T11:55:00Z", -400, true)] // 55 − 12 = 43, + 11 = 54
fn a_conflict_begins(#[case] before: f64, #[case] updated_at: &str, #[case] delta: i64, #[case] begins: bool) {
    let stored =
        json!({"temperature": before, "updated_at": updated_at, "hot_since": "2026-03-03T00:00:00.000000+00:00"});
    let (conflict, details, began_at, _) = run(&with(stored), delta);
    assert_eq!(began_at, begins.then(|| at(LAST_MESSAGE)));
    let since = if begins { json!(LAST_MESSAGE) } else { json!("2026-03-03T00:00:00.000000+00:00") };
    assert_eq!(details.get("hot_since"), conflict.active.then_some(&since));
}

#[rstest]
#[case::first(80.0, 0, 0, 1, false)]
#[case::second(80.0, 1, 0, 2, false)]
#[case::third(80.0, 2, 0, 3, true)]
#[case::reset_by_a_hot_one(76.0, 2, 400, 0, false)] // 76 − 2 = 74
fn crises_in_a_row(
    #[case] before: f64,
    #[case] crises: u64,
    #[case] delta: i64,
    #[case] after: u64,
    #[case] breakup: bool,
) {
    let stored = json!({"temperature": before, "updated_at": LAST_MESSAGE, "consecutive_crises": crises});
    let (conflict, details, _, end) = run(&with(stored), delta);
    assert_eq!((&details["consecutive_crises"], conflict.breakup), (&json!(after), breakup));
    assert_eq!(end.map(|end| end["reason"].clone()), breakup.then(|| json!("three_crises")));
}

#[rstest]
#[case::over_48_hours("2026-03-02T11:54:59Z", LAST_MESSAGE, 95.0, 0, true)]
#[case::exactly_48_hours("2026-03-02T11:55:00Z", LAST_MESSAGE, 95.0, 0, false)]
#[case::cooled_between("2026-02-01T00:00:00Z", "2026-03-03T23:55:00Z", 95.0, -200, false)] // 95 − 6 = 89, + 3 = 92
#[case::talked_down("2026-02-01T00:00:00Z", LAST_MESSAGE, 95.0, 1000, false)] // 95 − 5 = 90, not above
fn above_90(
    #[case] since: &str,
    #[case] updated_at: &str,
    #[case] before: f64,
    #[case] delta: i64,
    #[case] breakup: bool,
) {
    let stored = json!({"temperature": before, "updated_at": updated_at, "above_90_since": since});
    let (conflict, details, _, end) = run(&with(stored), delta);
    assert_eq!(conflict.breakup, breakup);
    assert_eq!(end.map(|end| end["reason"].clone()), breakup.then(|| json!("above_90_for_48_hours")));
    assert_eq!(details.get("above_90_since").is_some(), conflict.temperature > 90.0);
}

#[test]
fn the_count_above_90_begins_anew_after_cooling() {
    let stored =
        json!({"temperature": 95.0, "updated_at": "2026-03-03T23:55:00Z", "above_90_since": "2026-02-01T00:00:00Z"});
    let (_, details, ..) = run(&with(stored), -200);
    assert_eq!(details["above_90_since"], json!(LAST_MESSAGE));
}

#[rstest]
#[case::below(999, GameStatus::Active, true)]
#[case::at_ten(1000, GameStatus::Active, false)]
#[case::in_a_boss_fight(999, GameStatus::BossFight, false)]
#[case::lost_already(999, GameStatus::GameOver, false)]
#[case::won_already(999, GameStatus::Won, false)]
fn score_below_10(#[case] score: i64, #[case] status: GameStatus, #[case] breakup: bool) {
    let mut snapshot = snapshot();
    snapshot.player.score = Points(score);
    snapshot.player.game_status = status;
    let (conflict, details, _, end) = run(&snapshot, 0);
    assert_eq!(conflict.breakup, breakup);
    assert_eq!(details.get("breakup"), breakup.then_some(&json!("score_below_10")));
    assert_eq!(
        end,
        breakup.then(|| json!({
            "reason": "score_below_10", "score": "9.99", "temperature": 0.0, "zone": "calm", "consecutive_crises": 0,
            "hours_above_90": 0.0, "conversation_id": "00000000-0000-0000-0000-0000000000c0",
        }))
    );
}

/// The stored temperature and crises already include it.
#[test]
fn a_conversation_that_is_processed_anew_heats_nothing() {
    let mut snapshot = with(json!({"temperature": 80.0, "updated_at": LAST_MESSAGE, "consecutive_crises": 2}));
    snapshot.conversation.earlier = Some(Earlier { summary: None });
    let game = GameState { score_delta: Points::whole(-5), ..GameState::default() };
    let findings = Findings { game_state: Some(game), ..Findings::default() };
    let decision = decided(begin(&context(snapshot, findings)).unwrap());
    let Output::Conflict(conflict) = decision.output else { panic!("another stage's output") };
    assert_eq!((conflict.temperature, conflict.zone, conflict.breakup), (80.0, Zone::Critical, false));
    assert_eq!(decision.effects, []);
}

/// The application's `conflict_details`, last updated two hours ago.
fn of_the_application() -> Value {
    json!({
        "temperature": 72.0, "zone": "hot", "positive_count": 4, "negative_count": 2, "gottman_ratio": 2.0, "gottman_target": 5.0,
        "horsemen_detected": ["criticism"], "repair_attempts": [], "last_temp_update": "2026-03-04T10:00:00+00:00",
        "session_positive": 1, "session_negative": 0, "boss_phase": null, "consecutive_crises": 3, "last_crisis_at": null,
    })
}

fn beside(details: Value, change: impl Fn(&mut Snapshot, &mut StageSettings)) -> (Conflict, Vec<Effect>) {
    let mut snapshot = with(details);
    snapshot.conversation.score_delta = Some(Points::whole(-4));
    let game = GameState { score_delta: Points::whole(-4), ..GameState::default() };
    let mut context = context(snapshot, Findings { game_state: Some(game), ..Findings::default() });
    let settings = Arc::get_mut(&mut context.settings).unwrap();
    change(Arc::get_mut(&mut context.snapshot).unwrap(), settings);
    let decision = decided(begin(&context).unwrap());
    let Output::Conflict(conflict) = decision.output else { panic!("another stage's output") };
    (conflict, decision.effects)
}

#[test]
fn if_the_application_heats_the_stage_only_cools() {
    let (conflict, effects) = beside(of_the_application(), |_, _| {});
    assert_eq!((conflict.temperature, conflict.zone, conflict.breakup), (71.0, Zone::Hot, false));
    let fields = json!({"temperature": 71.0, "zone": "hot", "last_temp_update": "2026-03-04T12:00:00.000000+00:00"});
    let [Effect::Conflict(change)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(Value::Object(change.fields.clone()), fields);
    assert_eq!(change.seen.as_deref(), Some("2026-03-04T10:00:00+00:00"));
    assert_eq!((&change.replaces, change.state, change.began_at), (&None, "cold", None));
}

#[test]
fn a_string_with_the_object_is_read_and_replaced_by_the_object() {
    let text = json!(of_the_application().to_string());
    let (conflict, effects) = beside(text.clone(), |_, _| {});
    assert!((conflict.temperature - 71.0).abs() < 1e-9, "{conflict:?}");
    let [Effect::Conflict(change)] = &effects[..] else { panic!("{effects:?}") };
    let Some((was, whole)) = &change.replaces else { panic!("{change:?}") };
    assert_eq!((was, whole["boss_phase"].is_null(), whole.len()), (&text, true, 14));
    assert_eq!(whole["temperature"], json!(71.0));
}

#[rstest]
#[case::without_an_offset("last_temp_update", json!("2026-03-04T10:00:00.5"), 71.0, 1)]
#[case::unreadable("last_temp_update", json!("soon"), 72.0, 1)]
#[case::none("last_temp_update", Value::Null, 72.0, 1)]
#[case::yet_to_come("last_temp_update", json!("2026-03-05T10:00:00+00:00"), 72.0, 0)]
#[case::a_number_in_a_text("temperature", json!("40.5"), 39.5, 1)]
#[case::no_temperature("temperature", Value::Null, 0.0, 0)]
fn oddities_of_the_application(#[case] name: &str, #[case] value: Value, #[case] after: f64, #[case] effects: usize) {
    let mut details = of_the_application();
    details[name] = value;
    let (conflict, changes) = beside(details, |_, _| {});
    assert!((conflict.temperature - after).abs() < 0.01, "{conflict:?}");
    assert_eq!(changes.len(), effects);
}

#[rstest]
#[case::as_it_is(false, 5000, false)]
#[case::three_crises(true, 5000, true)]
#[case::a_low_score_alone(false, 900, false)]
#[case::a_low_score(true, 900, true)]
fn if_the_application_heats_a_game_ends_only_with_the_setting(
    #[case] breakup: bool,
    #[case] score: i64,
    #[case] ends: bool,
) {
    let (conflict, effects) = beside(of_the_application(), |snapshot, settings| {
        settings.breakup = breakup;
        snapshot.player.score = Points(score);
    });
    assert_eq!((conflict.breakup, effects.len()), (ends, 1 + usize::from(ends)));
}

#[rstest]
#[case::ours(ConflictKeeper::Own, of_the_application(), 82.0)] // 72 − 1 and − 4 × 1.5 and 5 more
#[case::theirs(ConflictKeeper::Application, json!({"temperature": 50.0}), 50.0)]
#[case::nobodys(ConflictKeeper::Auto, json!({"temperature": 50.0}), 61.0)]
fn a_setting_decides_who_heats(#[case] keeper: ConflictKeeper, #[case] details: Value, #[case] after: f64) {
    let (conflict, _) = beside(details, |_, settings| settings.conflict = keeper);
    assert!((conflict.temperature - after).abs() < 0.1, "{conflict:?}");
}
