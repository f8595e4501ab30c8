use rstest::rstest;
use serde_json::{Value, json};

use super::{Source, Summary, begin, day};
use crate::core::ask::{Answer, Ask, ModelAsk, NoAnswer};
use crate::core::stages::fixture::quiet::{at, context, decided, snapshot};
use crate::core::stages::outputs::{ExtractedFact, Extraction};
use crate::core::stages::outputs::{Findings, Output};
use crate::core::stages::step::{Decision, StageError, Step};
use crate::core::tone::Tone;
use crate::domain::conversation::Earlier;
use crate::domain::effect::{DayEntry, Effect};
use crate::domain::memory::{Day, GraphType};
use crate::domain::points::Points;
use crate::domain::snapshot::Snapshot;

fn talk() -> Value {
    json!([
        {"role": "user", "content": "I passed my exam today!"},
        {"role": "nikita", "content": "I knew that you would."},
    ])
}

fn extraction(summary: &str) -> Extraction {
    Extraction { summary: summary.to_owned(), ..Extraction::default() }
}

fn begun(messages: Value, extraction: Option<Extraction>) -> Step {
    let mut snapshot = snapshot();
    snapshot.conversation.messages = messages;
    begin(&context(snapshot, Findings { extraction, ..Findings::default() })).unwrap()
}

fn answered(step: Step, answer: Result<Answer, NoAnswer>) -> Decision {
    let Step::Ask(_, then) = step else { panic!("does not ask") };
    decided(then(vec![answer]).unwrap())
}

fn parts(decision: Decision) -> (Summary, Option<String>, DayEntry) {
    let Output::Summary(summary) = decision.output else { panic!("{:?}", decision.output) };
    let mut effects = decision.effects;
    let Some(Effect::RollUpDay(entry)) = effects.pop() else { panic!("no roll-up") };
    let stored = match effects.as_slice() {
        [] => None,
        [Effect::Summarise { summary }] => Some(summary.clone()),
        other => panic!("{other:?}"),
    };
    (summary, stored, entry)
}

#[test]
fn the_extractions_summary_is_used_without_a_question() {
    let (summary, stored, entry) = parts(decided(begun(talk(), Some(extraction(" They talked\nabout an exam. ")))));
    assert_eq!(summary, Summary { text: "They talked about an exam.".to_owned(), source: Source::Extraction });
    assert_eq!(
        (stored.as_deref(), entry.summary_text.as_str()),
        (Some("They talked about an exam."), "They talked about an exam.")
    );
}

#[rstest]
#[case::no_extraction(None)]
#[case::nothing_said(Some(extraction(" ")))]
fn otherwise_a_model_summarises_the_last_ten_messages(#[case] extraction: Option<Extraction>) {
    let messages: Vec<_> = (1..=12).map(|n| json!({"role": "user", "content": format!("Message {n}.")})).collect();
    let Step::Ask(asks, _) = begun(json!(messages), extraction) else { panic!("does not ask") };
    let [Ask::Model(ModelAsk::Summarise { transcript, .. })] = asks.as_slice() else { panic!("{asks:?}") };
    assert!(transcript.contains("Message 3.") && transcript.contains("Message 12."), "{transcript}");
    assert!(!transcript.contains("Message 2."), "{transcript}");
}

const EXTRACTIVE: &str = "The player began: “I passed my exam today!” Nikita ended: “I knew that you would.”";

#[rstest]
#[case::text(Ok(Answer::Text("An exam\nwas passed.".to_owned())), "An exam was passed.", Source::Model)]
#[case::empty(Ok(Answer::Text(" \n".to_owned())), EXTRACTIVE, Source::Extractive)]
#[case::of_another_kind(Ok(Answer::Vectors(vec![])), EXTRACTIVE, Source::Extractive)]
#[case::not_offered(Err(NoAnswer::NotOffered), EXTRACTIVE, Source::Extractive)]
#[case::unavailable(Err(NoAnswer::Unavailable("503".to_owned())), EXTRACTIVE, Source::Extractive)]
#[case::refused(Err(NoAnswer::Refused("no".to_owned())), EXTRACTIVE, Source::Extractive)]
fn a_models_answer(#[case] answer: Result<Answer, NoAnswer>, #[case] text: &str, #[case] source: Source) {
    let (summary, stored, entry) = parts(answered(begun(talk(), None), answer));
    assert_eq!(summary, Summary { text: text.to_owned(), source });
    assert_eq!((stored.as_deref(), entry.summary_text.as_str()), (Some(text), text));
}

#[rstest]
#[case::no_messages(json!([]))]
#[case::no_contents(json!([{"role": "user", "content": "  "}, {"role": "nikita"}]))]
fn an_empty_conversation_counts_in_its_day_only(#[case] messages: Value) {
    let (summary, stored, entry) = parts(decided(begun(messages, None)));
    assert_eq!((summary.text.as_str(), stored, entry.summary_text.as_str()), ("", None, ""));
}

#[test]
fn an_invalid_transcript_is_an_error() {
    let mut snapshot = snapshot();
    snapshot.conversation.messages = json!({"role": "user"});
    let error = begin(&context(snapshot, Findings::default())).err().unwrap();
    assert!(matches!(error, StageError::InvalidTranscript(_)), "{error}");
}

#[test]
fn a_long_summary_is_cut_at_a_sentence() {
    let text = "Twenty characters... ".repeat(100);
    let (summary, ..) = parts(decided(begun(talk(), Some(extraction(&text)))));
    assert_eq!(summary.text.chars().count(), 47 * 20 + 46); // a 48th would make 1,007
}

fn day(change: impl FnOnce(&mut Day)) -> Day {
    let mut day = Day {
        date: "2026-03-04".parse().unwrap(),
        score_start: None,
        score_end: None,
        conversations_count: 1,
        summary_text: None,
        key_moments: Vec::new(),
        emotional_tone: None,
    };
    change(&mut day);
    day
}

fn rolled_up(change: impl FnOnce(&mut Snapshot), extraction: Option<&Extraction>, text: &str) -> DayEntry {
    let mut snapshot = snapshot();
    change(&mut snapshot);
    day::roll_up(&snapshot, extraction, text).unwrap()
}

#[rstest]
#[case::utc("2026-03-04T11:55:00Z", "UTC", "2026-03-04")]
#[case::tomorrow_in_auckland("2026-03-04T11:55:00Z", "Pacific/Auckland", "2026-03-05")]
#[case::yesterday_in_honolulu("2026-03-04T09:59:59Z", "Pacific/Honolulu", "2026-03-03")]
#[case::before_the_clocks_change("2026-03-28T22:59:59Z", "Europe/Berlin", "2026-03-28")]
#[case::after_the_clocks_changed("2026-03-29T22:00:00Z", "Europe/Berlin", "2026-03-30")]
#[case::before_a_day_without_midnight("2026-09-06T03:59:59Z", "America/Santiago", "2026-09-05")]
#[case::a_day_without_midnight("2026-09-06T04:00:00Z", "America/Santiago", "2026-09-06")]
#[case::leap_day("2028-02-29T23:59:59Z", "UTC", "2028-02-29")]
fn the_day_is_the_players(#[case] last: &str, #[case] zone: &str, #[case] date: &str) {
    let entry = rolled_up(
        |it| {
            it.conversation.last_message_at = at(last);
            it.player.timezone = zone.to_owned();
        },
        None,
        "",
    );
    assert_eq!(entry.date.to_string(), date);
}

#[rstest]
#[case::first_of_the_day(None, Some(250), 4750)] // 50 − 2.50
#[case::no_change(None, None, 5000)]
#[case::a_loss(None, Some(-300), 5300)]
#[case::not_below_zero(None, Some(6000), 0)]
#[case::a_row_knows(Some(4100), Some(250), 4100)]
fn the_score_at_the_start(#[case] row: Option<i64>, #[case] delta: Option<i64>, #[case] start: i64) {
    let entry = rolled_up(
        |it| {
            it.conversation.score_delta = delta.map(Points);
            it.days = vec![day(|day| day.score_start = row.map(Points))];
        },
        None,
        "",
    );
    assert_eq!((entry.score_start, entry.score_end), (Points(start), Points::whole(50)));
}

#[test]
fn decay_of_the_local_date_is_summed() {
    let entry = rolled_up(
        |it| {
            it.player.timezone = "Europe/Berlin".to_owned();
            it.decay = vec![
                (at("2026-03-03T22:59:59Z"), Points(1000)), // 23:59:59 of the day before
                (at("2026-03-03T23:00:00Z"), Points(80)),
                (at("2026-03-04T22:59:59Z"), Points(120)),
                (at("2026-03-04T23:00:00Z"), Points(2000)),
            ];
        },
        None,
        "",
    );
    assert_eq!(entry.decay_applied, Points(200));
}

#[rstest]
#[case::neutral_leaves_the_days(Tone::Neutral, Some("playful"), "playful")]
#[case::another_replaces_it(Tone::Cold, Some("playful"), "cold")]
#[case::neutral_where_none_is(Tone::Neutral, None, "neutral")]
#[case::neutral_where_it_is_empty(Tone::Neutral, Some(""), "neutral")]
fn the_tone(#[case] tone: Tone, #[case] row: Option<&str>, #[case] expected: &str) {
    let extraction = Extraction { tone, ..Extraction::default() };
    let entry =
        rolled_up(|it| it.days = vec![day(|day| day.emotional_tone = row.map(str::to_owned))], Some(&extraction), "");
    assert_eq!(entry.emotional_tone, expected);
}

/// A conversation that is processed again, with its earlier summary.
fn anew(earlier: Option<&str>, days: Vec<Day>) -> Snapshot {
    let mut snapshot = Snapshot { days, ..snapshot() };
    snapshot.conversation.earlier = Some(Earlier { summary: earlier.map(str::to_owned) });
    snapshot
}

#[test]
fn a_conversation_that_is_processed_anew_is_not_added_or_counted_twice() {
    let days = |text: &str| {
        vec![day(|day| {
            day.summary_text = Some(text.to_owned());
            day.score_end = Some(Points::whole(33));
        })]
    };
    let entry =
        day::roll_up(&anew(Some("They met."), days("Before. They met. After.")), None, "They met anew.").unwrap();
    assert_eq!((entry.summary_text.as_str(), entry.counts), ("Before. They met anew. After.", false));
    assert_eq!(entry.score_end, Points::whole(33), "that day's, not today's");
    // The stage had failed the first time.
    let entry = day::roll_up(&anew(None, days("Before.")), None, "They met.").unwrap();
    assert_eq!((entry.summary_text.as_str(), entry.counts), ("Before. They met.", true));
    // The conversation was empty.
    assert!(!day::roll_up(&anew(None, days("Before.")), None, "").unwrap().counts);
    // The day is too old to be in the snapshot: its row stays unchanged.
    assert_eq!(day::roll_up(&anew(Some("They met."), vec![]), None, "They met anew."), None);
}

#[test]
fn the_text_grows_and_loses_its_oldest_sentences() {
    let row = |text: String| move |it: &mut Snapshot| it.days = vec![day(|day| day.summary_text = Some(text))];
    assert_eq!(rolled_up(row("They met.".to_owned()), None, "They talked.").summary_text, "They met. They talked.");
    assert_eq!(rolled_up(row("They met.".to_owned()), None, "").summary_text, "They met.");
    let long = rolled_up(row("Nineteen characters. ".repeat(100)), None, "The newest.").summary_text;
    assert_eq!(long.chars().count(), 94 * 21 + 11); // 95 of them would make 2,006
    assert!(long.starts_with("Nineteen") && long.ends_with(" The newest."), "{long}");
}

#[test]
fn moments_are_facts_then_threads_and_the_oldest_are_dropped() {
    let fact =
        |text: &str| ExtractedFact { fact: text.to_owned(), graph_type: GraphType::User, ..ExtractedFact::default() };
    let extraction = Extraction {
        facts: vec![fact("has a dog"), fact("Passed the\nexam")],
        threads: vec!["Ask about the trip".to_owned(), "And the cake".to_owned(), "Not this".to_owned()],
        ..Extraction::default()
    };
    let row = |moments: &[&str]| {
        let moments = moments.iter().map(|&moment| moment.to_owned()).collect();
        move |it: &mut Snapshot| it.days = vec![day(|day| day.key_moments = moments)]
    };
    let entry = rolled_up(row(&["Has a dog"]), Some(&extraction), "");
    assert_eq!(entry.key_moments, ["Has a dog", "Passed the exam", "Ask about the trip", "And the cake"]);
    let entry = rolled_up(row(&["1", "2", "3", "4", "5", "6", "7", "8", "9"]), Some(&extraction), "");
    assert_eq!(
        entry.key_moments,
        ["3", "4", "5", "6", "7", "8", "9", "has a dog", "Passed the exam", "Ask about the trip"]
    );
}

#[test]
fn the_rows_id_is_the_days() {
    let first = rolled_up(|_| {}, None, "a");
    let again = rolled_up(|it| it.conversation.last_message_at = at("2026-03-04T23:00:00Z"), None, "b");
    let next = rolled_up(|it| it.conversation.last_message_at = at("2026-03-05T00:00:00Z"), None, "b");
    assert_eq!(first.id, again.id);
    assert_ne!(first.id, next.id);
}
