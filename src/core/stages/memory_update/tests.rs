use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use super::{MemoryUpdate, begin};
use crate::core::ask::{Answer, Ask, DIMENSIONS, Embedded, Fault, NoAnswer};
use crate::core::stages::fixture::{asked, context, decided, failed, snapshot};
use crate::core::stages::outputs::{ExtractedFact, Extraction};
use crate::core::stages::outputs::{Findings, Output};
use crate::core::stages::step::{Context, StageError, Step};
use crate::domain::effect::{Effect, NewFact};
use crate::domain::ids::ConversationId;
use crate::domain::memory::GraphType;
use crate::domain::result::MemoryFigures;

fn embedded(vectors: Vec<Vec<f32>>) -> Answer {
    Answer::Vectors(vectors.into_iter().map(Embedded::Vector).collect())
}

fn with_facts<S: AsRef<str>>(facts: &[S]) -> Context {
    let fact = |fact: &S| ExtractedFact {
        fact: fact.as_ref().into(),
        graph_type: GraphType::User,
        quote: "said so".into(),
        message: Some(2),
    };
    let facts = facts.iter().map(fact);
    let extraction = Extraction { facts: facts.collect(), model: "m".into(), ..Extraction::default() };
    context(snapshot(), Findings { extraction: Some(extraction), ..Findings::default() })
}

/// The facts in the order of the extraction, and the output.
fn outcome(step: Result<Step, StageError>) -> (Vec<NewFact>, MemoryUpdate) {
    let decision = decided(step);
    let Output::MemoryUpdate(update) = decision.output else { panic!("another stage's output") };
    let mut facts: Vec<NewFact> = decision
        .effects
        .into_iter()
        .map(|effect| match effect {
            Effect::RememberFact(fact) => fact,
            other => panic!("{other:?}"),
        })
        .collect();
    facts.reverse();
    (facts, update)
}

/// A unit vector in the plane of the first two dimensions, at an angle in degrees.
fn at_angle(degrees: f32) -> Vec<f32> {
    let mut vector = vec![0.0; DIMENSIONS];
    (vector[1], vector[0]) = degrees.to_radians().sin_cos();
    vector
}

fn id(index: usize) -> Uuid {
    ConversationId(Uuid::from_u128(0xC0)).derive("memory_facts", index)
}

fn old(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Runs the stage with an angle for each fact and the old facts similar to each.
fn run(facts: &[&str], angles: &[f32], similar: &[&[u128]]) -> (Vec<NewFact>, MemoryUpdate) {
    let (_, then) = asked(begin(&with_facts(facts)));
    let vectors: Vec<Vec<f32>> = angles.iter().copied().map(at_angle).collect();
    let (asks, then) = asked(then(vec![Ok(embedded(vectors.clone()))]));
    assert_eq!(asks, [Ask::Similar { vectors, least: 0.87, own: vec![] }]);
    let similar = similar.iter().map(|ids| ids.iter().copied().map(old).collect()).collect();
    outcome(then(vec![Ok(Answer::Similar(similar))]))
}

#[test]
fn without_facts_there_are_no_questions() {
    for findings in [Findings::default(), Findings { extraction: Some(Extraction::default()), ..Findings::default() }] {
        assert_eq!(outcome(begin(&context(snapshot(), findings))), (vec![], MemoryUpdate::default()));
    }
}

#[test]
fn equal_facts_count_once() {
    let (asks, _) = asked(begin(&with_facts(&["Likes Tea.", "likes  tea.", "Likes tea. ", "Likes coffee."])));
    assert_eq!(asks, [Ask::Embed(vec!["Likes Tea.".into(), "Likes coffee.".into()])]);
}

#[test]
fn a_request_has_at_most_a_hundred_texts() {
    let facts: Vec<String> = (0..201).map(|number| format!("Fact {number}.")).collect();
    let (asks, then) = asked(begin(&with_facts(&facts)));
    let sizes = asks.iter().map(|ask| if let Ask::Embed(texts) = ask { texts.len() } else { 0 });
    assert_eq!(sizes.collect::<Vec<_>>(), [100, 100, 1]);
    // The middle batch is unavailable: only its facts have no vector.
    let batch = |size: usize| Ok(embedded(vec![at_angle(0.0); size]));
    let (asks, then) = asked(then(vec![batch(100), Err(NoAnswer::Unavailable("503".into())), batch(1)]));
    assert!(matches!(&asks[..], [Ask::Similar { vectors, .. }] if vectors.len() == 101));
    let mut similar = vec![vec![]; 101];
    similar[100] = vec![old(1)];
    let (facts, update) = outcome(then(vec![Ok(Answer::Similar(similar))]));
    assert_eq!(update.without_vector, 100);
    assert!(facts[100..200].iter().all(|fact| fact.embedding.is_none() && fact.superseded_by.is_none()));
    assert_eq!(facts[200].supersedes, [old(1)]);
    // All vectors are equal, so each fact with a vector is replaced by the next one with a vector.
    assert_eq!((facts[0].superseded_by, facts[99].superseded_by), (Some(id(1)), Some(id(200))));
}

#[rstest]
#[case(NoAnswer::Unavailable("timeout".into()))]
#[case(NoAnswer::NotOffered)]
fn without_embeddings_facts_are_stored_without_a_vector(#[case] reason: NoAnswer) {
    let (_, then) = asked(begin(&with_facts(&["One.", "Two."])));
    let (facts, update) = outcome(then(vec![Err(reason)]));
    let learned = vec!["One.".into(), "Two.".into()];
    let figures = MemoryFigures { facts: 2, ..MemoryFigures::default() };
    assert_eq!(update, MemoryUpdate { learned, superseded: BTreeSet::new(), without_vector: 2, figures });
    let expected = |index: usize, fact: &str| NewFact {
        id: id(index),
        graph_type: GraphType::User,
        fact: fact.into(),
        confidence: 0.85,
        metadata: json!({
            "message": 2, "quote": "said so", "model": "m", "instructions": crate::core::stages::extraction::instructions_hash(),
        }),
        embedding: None,
        supersedes: vec![],
        superseded_by: None,
    };
    assert_eq!(facts, [expected(0, "One."), expected(1, "Two.")]);
}

#[rstest]
#[case::too_few(Ok(embedded(vec![at_angle(0.0)])), "1 vectors for 2 texts")]
#[case::too_many(Ok(embedded(vec![at_angle(0.0); 3])), "3 vectors for 2 texts")]
#[case::short(Ok(embedded(vec![at_angle(0.0), vec![0.0; 1535]])), "vectors[1] has 1535 numbers, not 1536")]
#[case::no_number(
    Ok(embedded(vec![vec![f32::NAN; DIMENSIONS], at_angle(0.0)])),
    "vectors[0] holds a number that is not finite"
)]
#[case::another_kind(Ok(Answer::Text("hi".into())), "the reply to an embedding call is no list of vectors")]
#[case::invalid(Err(NoAnswer::InvalidReply("not base64".into())), "not base64")]
fn wrong_vectors_fail_the_stage(#[case] answer: Result<Answer, NoAnswer>, #[case] expected: &str) {
    let (_, then) = asked(begin(&with_facts(&["One.", "Two."])));
    assert_eq!(failed(then(vec![answer])), StageError::NoAnswer(NoAnswer::InvalidReply(expected.into())));
}

#[rstest]
#[case(NoAnswer::Declined("400".into()))]
#[case(NoAnswer::Configuration("401".into()))]
fn other_reasons_are_passed_on(#[case] reason: NoAnswer) {
    let (_, then) = asked(begin(&with_facts(&["One."])));
    assert_eq!(failed(then(vec![Err(reason.clone())])), StageError::NoAnswer(reason));
}

#[rstest]
#[case(Err(NoAnswer::Store(Fault::new("closed"))), "closed")]
#[case(Ok(Answer::Similar(vec![])), "no list of similar facts for each of 1 vectors")]
fn without_similar_facts_the_stage_fails(#[case] answer: Result<Answer, NoAnswer>, #[case] expected: &str) {
    let (_, then) = asked(begin(&with_facts(&["One."])));
    let (_, then) = asked(then(vec![Ok(embedded(vec![at_angle(0.0)]))]));
    assert_eq!(failed(then(vec![answer])).to_string(), expected);
}

#[test]
fn a_new_fact_replaces_every_similar_old_one() {
    let (facts, update) = run(&["Likes tea.", "Has a cat."], &[0.0, 90.0], &[&[1, 2], &[]]);
    assert_eq!((&facts[0].supersedes[..], &facts[1].supersedes[..]), (&[old(1), old(2)][..], &[][..]));
    let learned = vec!["Likes tea.".into(), "Has a cat.".into()];
    assert_eq!(
        update,
        MemoryUpdate {
            learned,
            superseded: BTreeSet::from([old(1), old(2)]),
            without_vector: 0,
            figures: update.figures
        }
    );
}

#[test]
fn the_first_similar_fact_replaces_an_old_one() {
    let (facts, update) = run(&["One.", "Two."], &[0.0, 60.0], &[&[1], &[2, 1, 2]]);
    assert_eq!((&facts[0].supersedes[..], &facts[1].supersedes[..]), (&[old(1)][..], &[old(2)][..]));
    assert_eq!(update.superseded.len(), 2);
}

// cos 29° = 0.8746 and cos 30° = 0.8660 lie on the two sides of 0.87.
#[test]
fn a_later_fact_replaces_an_earlier_one_of_the_conversation() {
    let (facts, update) =
        run(&["Is 30.", "Is 31.", "Far off.", "Is 32."], &[0.0, 29.0, 120.0, 30.0], &[&[1], &[], &[], &[]]);
    let by: Vec<Option<Uuid>> = facts.iter().map(|fact| fact.superseded_by).collect();
    // The last is 30° from the first, which is too far, and 1° from the second.
    assert_eq!(by, [Some(id(1)), Some(id(3)), None, None]);
    assert_eq!(facts[0].supersedes, [old(1)], "a fact that is replaced at once still replaces the older one");
    assert_eq!(
        update,
        MemoryUpdate {
            learned: vec!["Far off.".into(), "Is 32.".into()],
            superseded: BTreeSet::from([old(1)]),
            without_vector: 0,
            figures: update.figures,
        }
    );
}

#[test]
fn a_fact_is_stored_before_those_that_name_it() {
    let (_, then) = asked(begin(&with_facts(&["Is 30.", "Is 31."])));
    let (_, then) = asked(then(vec![Ok(embedded(vec![at_angle(0.0), at_angle(1.0)]))]));
    let decision = decided(then(vec![Ok(Answer::Similar(vec![vec![], vec![]]))]));
    let order =
        decision.effects.iter().map(|effect| if let Effect::RememberFact(fact) = effect { fact.id } else { old(0) });
    assert_eq!(order.collect::<Vec<_>>(), [id(1), id(0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_old_fact_is_replaced_once_and_one_of_each_kind_stays(
        given in proptest::collection::vec((0.0_f32..360.0, proptest::collection::vec(0_u128..6, 0..4)), 1..12),
    ) {
        let names: Vec<String> = (0..given.len()).map(|number| format!("Fact {number}.")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (angles, similar): (Vec<f32>, Vec<Vec<u128>>) = given.into_iter().unzip();
        let similar: Vec<&[u128]> = similar.iter().map(Vec::as_slice).collect();
        let (facts, update) = run(&names, &angles, &similar);
        let mut replaced: Vec<Uuid> = facts.iter().flat_map(|fact| fact.supersedes.clone()).collect();
        prop_assert_eq!(replaced.len(), update.superseded.len());
        replaced.sort_unstable();
        replaced.dedup();
        prop_assert_eq!(replaced.len(), update.superseded.len());
        prop_assert!(facts.last().is_some_and(|fact| fact.superseded_by.is_none()));
        for (index, fact) in facts.iter().enumerate() {
            prop_assert!(fact.superseded_by.is_none_or(|by| facts[index + 1..].iter().any(|later| later.id == by)));
        }
    }
}

#[test]
fn unsupported_facts_have_less_confidence_or_are_dropped() {
    let with = |drop| {
        let mut context = with_facts(&["One.", "Two."]);
        let mut findings = (*context.findings).clone();
        findings.extraction.as_mut().expect("facts").facts[1].message = None;
        context.findings = std::sync::Arc::new(findings);
        let settings = crate::core::settings::StageSettings {
            drop_unsupported: drop,
            template: crate::core::prompt::PromptTemplate::shipped().expect("a template"),
            ..*context.settings
        };
        context.settings = std::sync::Arc::new(settings);
        let (asks, then) = asked(begin(&context));
        let Ask::Embed(texts) = &asks[0] else { panic!("{asks:?}") };
        (texts.len(), outcome(then(vec![Ok(Answer::Vectors(vec![Embedded::SetAside; texts.len()]))])))
    };
    let (asked_for, (facts, update)) = with(false);
    assert_eq!(asked_for, 2);
    assert_eq!(
        (facts[1].confidence, &facts[1].metadata["supported"], facts[1].metadata.get("quote")),
        (0.4, &json!(false), None)
    );
    assert_eq!(facts[0].metadata["set_aside_at"], facts[1].metadata["set_aside_at"]);
    assert!(facts[0].metadata["set_aside_at"].as_str().is_some_and(|at| at.ends_with('Z')));
    assert_eq!(update.figures, MemoryFigures { facts: 2, unsupported_facts: 1, texts_set_aside: 2 });
    let (asked_for, (facts, update)) = with(true);
    assert_eq!((asked_for, facts.len()), (1, 1));
    assert_eq!(update.figures, MemoryFigures { facts: 2, unsupported_facts: 1, texts_set_aside: 1 });
}
