use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ExtractedFact, Extraction};
use super::{INSTRUCTIONS, MOST_FACTS, MOST_ITEM_CHARS, MOST_NOTES, MOST_SUMMARY_CHARS, begin, interpret, schema};
use crate::core::ask::{Answer, Ask, ModelAsk, NoAnswer};
use crate::core::stages::fixture::{asked, at, context, decided, failed, snapshot};
use crate::core::stages::{Context, Findings, Output, StageError, Step};
use crate::core::tone::Tone;
use crate::domain::effect::Effect;
use crate::domain::memory::GraphType;

fn with_messages(messages: Value) -> Context {
    let mut snapshot = snapshot();
    snapshot.conversation.messages = messages;
    context(snapshot, Findings::default())
}

fn extraction(step: Result<Step, StageError>) -> (Extraction, Vec<Effect>) {
    let decision = decided(step);
    let Output::Extraction(extraction) = decision.output else { panic!("another stage's output") };
    (extraction, decision.effects)
}

fn reply() -> Value {
    json!({
        "facts": [{"fact": "Plays the cello.", "kind": "user"}],
        "threads": ["The concert on Friday."],
        "thoughts": ["I would like to hear it."],
        "summary": "They spoke about music.",
        "emotional_tone": "playful",
    })
}

#[rstest]
#[case(json!(null))]
#[case(json!([]))]
#[case(json!([{"role": "user", "content": "  "}]))]
fn an_empty_transcript_needs_no_model(#[case] messages: Value) {
    let (extraction, effects) = extraction(begin(&with_messages(messages)));
    assert_eq!(extraction, Extraction::default());
    let entities = json!({"facts": [], "threads": [], "thoughts": [], "messages_left_out": 0});
    assert_eq!(effects, [Effect::Understood { entities, tone: "neutral".into() }]);
}

#[test]
fn an_invalid_transcript_fails_at_once() {
    let error = failed(begin(&with_messages(json!("oops"))));
    assert_eq!(error, StageError::InvalidTranscript("messages is a string, not a list".into()));
}

#[test]
fn a_conversation_is_asked_about_and_noted() {
    let context = with_messages(json!([{"role": "user", "content": "hi"}, {"role": "nikita", "content": "hey\nyou"}]));
    let id = context.snapshot.conversation.id;
    let (asks, then) = asked(begin(&context));
    let transcript = "user: hi\nnikita: hey\n  you".to_owned();
    assert_eq!(asks, [Ask::Model(ModelAsk::Extract { instructions: INSTRUCTIONS, transcript, schema: schema() })]);

    let (extraction, effects) = extraction(then(vec![Ok(Answer::Json(reply()))]));
    assert_eq!((extraction.tone, extraction.summary.as_str()), (Tone::Playful, "They spoke about music."));
    let entities = json!({
        "facts": [{"fact": "Plays the cello.", "kind": "user"}],
        "threads": ["The concert on Friday."],
        "thoughts": ["I would like to hear it."],
        "messages_left_out": 0,
    });
    let expected = [
        Effect::OpenThread { id: id.derive("conversation_threads", 0), content: "The concert on Friday.".into() },
        Effect::Think {
            id: id.derive("nikita_thoughts", 0),
            content: "I would like to hear it.".into(),
            expires_at: at("2026-12-02T14:00:00Z"),
        },
        Effect::Understood { entities, tone: "playful".into() },
    ];
    assert_eq!(effects, expected);
}

#[test]
fn the_result_says_what_was_left_out() {
    let mut context = with_messages(json!([{"role": "user", "content": "old"}, {"role": "user", "content": "new"}]));
    let settings = crate::core::settings::StageSettings {
        duplicate_similarity: 0.87,
        transcript_budget: 10,
        template: crate::core::prompt::PromptTemplate::shipped().unwrap(),
    };
    context.settings = std::sync::Arc::new(settings);
    let (asks, then) = asked(begin(&context));
    assert!(matches!(&asks[..], [Ask::Model(ModelAsk::Extract { transcript, .. })] if transcript == "user: new"));
    assert_eq!(extraction(then(vec![Ok(Answer::Json(reply()))])).0.messages_left_out, 1);
}

#[rstest]
#[case::no_answer(Err(NoAnswer::Unavailable("503".into())), NoAnswer::Unavailable("503".into()))]
#[case::another_kind(Ok(Answer::Text("hi".into())), NoAnswer::InvalidReply("the reply is not JSON".into()))]
#[case::another_form(Ok(Answer::Json(json!([]))), NoAnswer::InvalidReply("the reply is a list, not an object".into()))]
fn without_a_usable_answer_the_stage_fails(#[case] answer: Result<Answer, NoAnswer>, #[case] expected: NoAnswer) {
    let (_, then) = asked(begin(&with_messages(json!([{"role": "user", "content": "hi"}]))));
    assert_eq!(failed(then(vec![answer])), StageError::NoAnswer(expected));
}

#[rstest]
#[case("user", GraphType::User)]
#[case("preference", GraphType::User)]
#[case("personal", GraphType::User)]
#[case(" Personal ", GraphType::User)]
#[case("nikita", GraphType::Nikita)]
#[case("relationship", GraphType::Relationship)]
#[case("episode", GraphType::Relationship)]
#[case("", GraphType::Relationship)]
fn a_kind_says_whom_a_fact_is_about(#[case] kind: &str, #[case] expected: GraphType) {
    let mut reply = reply();
    reply["facts"][0]["kind"] = json!(kind);
    let fact = ExtractedFact { fact: "Plays the cello.".into(), graph_type: expected };
    assert_eq!(interpret(&reply).unwrap().facts, [fact]);
}

#[test]
fn texts_are_cleaned_and_other_fields_ignored() {
    let reply = json!({
        "facts": [{"fact": " Lives\u{0} in\n# Rome ", "kind": "user", "score": 100}, {"fact": "\u{7} ", "kind": "user"}],
        "threads": ["", "a\u{202e}b"],
        "thoughts": [" \n "],
        "summary": " one\r\ntwo ",
        "emotional_tone": " Warm ".replace("Warm", "Romantic"),
        "score_delta": 50,
    });
    let expected = Extraction {
        facts: vec![ExtractedFact { fact: "Lives in # Rome".into(), graph_type: GraphType::User }],
        threads: vec!["ab".into()],
        thoughts: vec![],
        summary: "one two".into(),
        tone: Tone::Romantic,
        messages_left_out: 0,
    };
    assert_eq!(interpret(&reply), Ok(expected));
}

#[rstest]
#[case("/facts", json!(null), "facts is null, not a list")]
#[case("/facts", json!({}), "facts is an object, not a list")]
#[case("/facts/0", json!("Plays."), "facts[0] is a string, not an object")]
#[case("/facts/0", json!({"kind": "user"}), "facts[0].fact is missing")]
#[case("/facts/0", json!({"fact": "x"}), "facts[0].kind is missing")]
#[case("/facts/0/fact", json!(3), "facts[0].fact is a number, not a string")]
#[case("/facts/0/kind", json!(["user"]), "facts[0].kind is a list, not a string")]
#[case("/threads", json!("x"), "threads is a string, not a list")]
#[case("/threads/0", json!({"content": "x"}), "threads[0] is an object, not a string")]
#[case("/thoughts/0", json!(true), "thoughts[0] is a boolean, not a string")]
#[case("/summary", json!([]), "summary is a list, not a string")]
#[case("/emotional_tone", json!(1), "emotional_tone is a number, not a string")]
#[case("/emotional_tone", json!("hungry"), "emotional_tone is none of the tones")]
fn another_form_is_named_by_its_path(#[case] at: &str, #[case] value: Value, #[case] expected: &str) {
    let mut reply = reply();
    *reply.pointer_mut(at).unwrap() = value;
    assert_eq!(interpret(&reply), Err(NoAnswer::InvalidReply(expected.into())));
}

#[rstest]
#[case("facts")]
#[case("threads")]
#[case("thoughts")]
#[case("summary")]
#[case("emotional_tone")]
fn every_field_is_required(#[case] field: &str) {
    let mut reply = reply();
    reply.as_object_mut().unwrap().remove(field);
    assert_eq!(interpret(&reply), Err(NoAnswer::InvalidReply(format!("{field} is missing"))));
    assert!(schema()["required"].as_array().unwrap().contains(&json!(field)));
}

#[test]
fn every_tone_of_the_schema_is_understood() {
    for tone in schema()["properties"]["emotional_tone"]["enum"].as_array().unwrap() {
        let mut reply = reply();
        reply["emotional_tone"] = tone.clone();
        assert_eq!(interpret(&reply).unwrap().tone.as_str(), tone.as_str().unwrap());
    }
}

proptest! {
    #[test]
    fn counts_and_lengths_are_bounded(
        texts in proptest::collection::vec("(?s).{0,20}", 0..40),
        repeat in 1_usize..60,
        summary in "(?s).{0,3000}",
    ) {
        let texts: Vec<String> = texts.iter().map(|text| text.repeat(repeat)).collect();
        let facts: Vec<Value> = texts.iter().map(|text| json!({"fact": text, "kind": "user"})).collect();
        let reply = json!({
            "facts": facts, "threads": texts, "thoughts": texts, "summary": summary, "emotional_tone": "neutral",
        });
        let extraction = interpret(&reply).unwrap();
        prop_assert!(extraction.facts.len() <= MOST_FACTS);
        prop_assert!(extraction.threads.len() <= MOST_NOTES && extraction.thoughts.len() <= MOST_NOTES);
        prop_assert!(extraction.summary.chars().count() <= MOST_SUMMARY_CHARS);
        let facts = extraction.facts.iter().map(|fact| &fact.fact);
        for item in facts.chain(&extraction.threads).chain(&extraction.thoughts) {
            prop_assert!(!item.trim().is_empty() && item.chars().count() <= MOST_ITEM_CHARS);
            prop_assert!(!item.contains(char::is_control));
        }
    }
}
