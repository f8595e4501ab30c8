use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ExtractedFact, Extraction};
use super::{INSTRUCTIONS, MOST_FACTS, MOST_ITEM_CHARS, MOST_NOTES, MOST_SUMMARY_CHARS, begin, interpret, schema};
use crate::core::ask::{Answer, Ask, ModelAsk, NoAnswer, Noted};
use crate::core::reply::{NotedFact, Notes};
use crate::core::stages::fixture::{asked, at, context, decided, failed, snapshot};
use crate::core::stages::outputs::{Findings, Output};
use crate::core::stages::step::{Context, StageError, Step};
use crate::core::tone::Tone;
use crate::domain::conversation::{Message, Role};
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

fn reply() -> Answer {
    let notes = json!({
        "facts": [{"fact": "Plays the cello.", "kind": "user"}],
        "threads": ["The concert on Friday."],
        "thoughts": ["I would like to hear it."],
        "summary": "They spoke about music.",
        "emotional_tone": "playful",
    });
    Answer::Notes(Box::new(Noted { notes: Notes::in_value(&notes).unwrap(), ..Noted::default() }))
}

#[rstest]
#[case(json!(null), 0)]
#[case(json!([]), 0)]
#[case(json!([{"role": "user", "content": "  "}]), 1)]
fn an_empty_transcript_needs_no_model(#[case] messages: Value, #[case] messages_unreadable: usize) {
    let (extraction, effects) = extraction(begin(&with_messages(messages)));
    assert_eq!(extraction, Extraction { messages_unreadable, ..Extraction::default() });
    let entities = json!({"facts": [], "threads": [], "thoughts": [], "messages_left_out": 0});
    assert_eq!(effects, [Effect::Understood { entities, tone: "neutral".into() }]);
}

#[test]
fn an_invalid_transcript_fails_at_once() {
    let error = failed(begin(&with_messages(json!("oops"))));
    assert_eq!(error, StageError::InvalidTranscript("messages is a string, not a list".into()));
}

#[test]
fn the_model_gets_the_transcript_and_its_notes_become_effects() {
    let context = with_messages(json!([{"role": "user", "content": "hi"}, {"role": "nikita", "content": "hey\nyou"}]));
    let id = context.snapshot.conversation.id;
    let (asks, then) = asked(begin(&context));
    let transcript = "user: hi\nnikita: hey\n  you".to_owned();
    assert_eq!(asks, [Ask::Model(ModelAsk::Extract { instructions: INSTRUCTIONS, transcript, schema: schema() })]);

    let (extraction, effects) = extraction(then(vec![Ok(reply())]));
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
fn the_result_counts_left_out_messages() {
    let mut context = with_messages(json!([{"role": "user", "content": "old"}, {"role": "user", "content": "new"}]));
    let settings = crate::core::settings::StageSettings {
        drop_unsupported: false,
        duplicate_similarity: 0.87,
        transcript_budget: 10,
        template: crate::core::prompt::PromptTemplate::shipped().unwrap(),
        conflict: crate::core::settings::ConflictKeeper::Auto,
        breakup: false,
    };
    context.settings = std::sync::Arc::new(settings);
    let (asks, then) = asked(begin(&context));
    assert!(matches!(&asks[..], [Ask::Model(ModelAsk::Extract { transcript, .. })] if transcript == "user: new"));
    assert_eq!(extraction(then(vec![Ok(reply())])).0.messages_left_out, 1);
}

#[rstest]
#[case::no_answer(Err(NoAnswer::Unavailable("503".into())), NoAnswer::Unavailable("503".into()))]
#[case::another_kind(Ok(Answer::Text("hi".into())), NoAnswer::InvalidReply("the reply holds no notes".into()))]
fn without_a_usable_answer_the_stage_fails(#[case] answer: Result<Answer, NoAnswer>, #[case] expected: NoAnswer) {
    let (_, then) = asked(begin(&with_messages(json!([{"role": "user", "content": "hi"}]))));
    assert_eq!(failed(then(vec![answer])), StageError::NoAnswer(expected));
}

#[test]
fn texts_are_cleaned_and_quotes_are_found() {
    let fact = |fact: &str, quote: &str| NotedFact { fact: fact.into(), quote: quote.into(), kind: GraphType::User };
    let notes = Notes {
        facts: vec![
            fact(" Lives\u{0} in\n# Rome ", "i live\n  in Rome"),
            fact("\u{7} ", ""),
            fact("Has a boat.", "I own a boat"),
        ],
        threads: vec![String::new(), "a\u{202e}b".into()],
        thoughts: vec![" \n ".into()],
        summary: " one\r\ntwo ".into(),
        emotional_tone: Tone::Romantic,
    };
    let said = [
        Message { role: Role::Nikita, content: "Hi".into() },
        Message { role: Role::User, content: "I live in Rome!".into() },
    ];
    let extraction = interpret(&Noted { notes, model: "m".into(), left_out: 2 }, &said);
    let expected = Extraction {
        facts: vec![
            ExtractedFact {
                fact: "Lives in # Rome".into(),
                graph_type: GraphType::User,
                quote: "i live in Rome".into(),
                message: Some(1),
            },
            ExtractedFact {
                fact: "Has a boat.".into(),
                graph_type: GraphType::User,
                quote: "I own a boat".into(),
                message: None,
            },
        ],
        threads: vec!["ab".into()],
        thoughts: vec![],
        summary: "one two".into(),
        tone: Tone::Romantic,
        messages_left_out: 2,
        messages_unreadable: 0,
        model: "m".into(),
    };
    assert_eq!(extraction, expected);
}

proptest! {
    #[test]
    fn counts_and_lengths_are_bounded(
        texts in proptest::collection::vec("(?s).{0,20}", 0..40),
        repeat in 1_usize..60,
        summary in "(?s).{0,3000}",
    ) {
        let texts: Vec<String> = texts.iter().map(|text| text.repeat(repeat)).collect();
        let facts = texts.iter().map(|text| NotedFact { fact: text.clone(), quote: text.clone(), kind: GraphType::User });
        let notes = Notes {
            facts: facts.collect(), threads: texts.clone(), thoughts: texts, summary, emotional_tone: Tone::Neutral,
        };
        let extraction = interpret(&Noted { notes, ..Noted::default() }, &[]);
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
