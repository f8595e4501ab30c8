use proptest::prelude::*;
use rstest::rstest;

use super::{count, count_within, fit, without_bare_heading};
use crate::core::prompt::Section;
use crate::core::prose;

/// Each section's text is its name and a sentence, `times` times.
fn sections(times: usize) -> Vec<(Section, String)> {
    Section::ALL
        .map(|section| (section, format!("# {}\n{}", section.as_str(), "All is well. ".repeat(times).trim_end())))
        .to_vec()
}

fn tokens_without(gone: &[Section]) -> usize {
    let kept: Vec<_> =
        sections(20).into_iter().filter(|(section, _)| !gone.contains(section)).map(|(_, text)| text).collect();
    count(&kept.join("\n\n"))
}

#[test]
fn counts_as_the_vendor_does() {
    // From the examples of tiktoken's cookbook for cl100k_base.
    assert_eq!(count("tiktoken is great!"), 6);
    assert_eq!(count("antidisestablishmentarianism"), 6);
    assert_eq!(count("2 + 2 = 4"), 7);
    assert_eq!(count("お誕生日おめでとう"), 9);
    assert_eq!(count("<|endoftext|>"), 7); // special tokens are text here
    assert_eq!(count(""), 0);
}

#[test]
fn a_far_too_long_text_is_not_counted() {
    assert_eq!(count_within(&"x".repeat(1_281), 10), None);
    assert_eq!(count_within("one two", 2), Some(2));
    assert_eq!(count_within("one two three", 2), None);
}

#[rstest]
#[case::all_fit(&[], 0, &[])]
#[case::one_token_less(&[], 1, &[Section::Vice])]
#[case::without_vice(&[Section::Vice], 0, &[Section::Vice])]
#[case::then_chapter(&[Section::Vice], 1, &[Section::Vice, Section::Chapter])]
#[case::then_psychology(&[Section::Vice, Section::Chapter], 1, &[Section::Vice, Section::Chapter, Section::Psychology])]
fn sections_go_in_order(#[case] fits: &[Section], #[case] less: usize, #[case] gone: &[Section]) {
    let budget = tokens_without(fits) - less;
    let fitted = fit(sections(20), budget);
    assert_eq!((fitted.left_out.as_slice(), fitted.cut), (gone, false));
    assert_eq!((fitted.tokens, count(&fitted.text)), (tokens_without(gone), tokens_without(gone)));
    assert!(fitted.tokens <= budget);
}

#[test]
fn then_the_end_is_cut_at_a_sentence() {
    let gone = [Section::Vice, Section::Chapter, Section::Psychology];
    let budget = tokens_without(&gone) - 1;
    let fitted = fit(sections(20), budget);
    assert_eq!((fitted.left_out.as_slice(), fitted.cut), (gone.as_slice(), true));
    assert!(fitted.text.ends_with("All is well."), "{}", fitted.text);
    // "All is well." has four tokens: the cut wastes at most one sentence.
    assert!((budget - 4..=budget).contains(&fitted.tokens), "{} of {budget}", fitted.tokens);
    assert_eq!(fitted.tokens, count(&fitted.text));
}

#[rstest]
#[case::no_sentence_end("word ".repeat(50_000), 100, 98)]
#[case::no_word_end("x".repeat(900_000), 100, 98)]
#[case::short_sentence_first(format!("Hi. {}", "word ".repeat(5_000)), 100, 98)]
#[case::han("喝茶".repeat(20_000), 100, 90)]
#[case::marks(format!("a{}", "\u{301}".repeat(200)), 50, 0)] // one grapheme of many tokens
#[case::emoji("👩‍👩‍👧‍👦".repeat(500), 100, 80)]
#[case::no_budget("Anything. At all.".to_owned(), 0, 0)]
fn never_over_the_budget(#[case] text: String, #[case] budget: usize, #[case] at_least: usize) {
    let fitted = fit(vec![(Section::Identity, text.clone())], budget);
    assert!(fitted.cut && text.starts_with(&fitted.text));
    assert!((at_least..=budget).contains(&fitted.tokens), "{}", fitted.tokens);
    assert_eq!(fitted.tokens, count(&fitted.text));
}

#[rstest]
#[case("# A\nText.\n\n# B", "# A\nText.")]
#[case("# A\nText.\n\n# B\nAbout us:\n", "# A\nText.")]
#[case("# A\nText:\n- item", "# A\nText:\n- item")]
#[case("# A", "")]
fn no_bare_heading_at_the_end(#[case] text: &str, #[case] kept: &str) {
    assert_eq!(without_bare_heading(text), kept);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_budget_holds_for_any_text(texts in prop::collection::vec("\\PC{0,200}", 11), budget in 0_usize..300) {
        let sections = Section::ALL.into_iter().zip(texts.iter().map(|text| prose::lines(text))).collect();
        let fitted = fit(sections, budget);
        prop_assert_eq!(fitted.tokens, count(&fitted.text));
        prop_assert!(fitted.tokens <= budget);
    }
}
