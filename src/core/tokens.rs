//! The tokens of a text by `cl100k_base`, [OpenAI's vocabulary](https://github.com/openai/tiktoken).
//!
//! A text is split into pieces, mostly words; a piece is a token, or is merged from its bytes. The vocabulary is read where it stands
//! in the program: a run that cron starts every minute loads nothing.

mod class;
mod layout;
mod merge;
mod split;
mod vocabulary;

/// The lengths of a text's tokens in bytes, in order.
pub fn lengths(text: &str) -> impl Iterator<Item = usize> {
    split::pieces(text).flat_map(|piece| merge::lengths(piece.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use tiktoken_rs::cl100k_base_singleton;

    use super::*;

    /// The lengths by OpenAI's own algorithm.
    fn expected(text: &str) -> Vec<usize> {
        let reference = cl100k_base_singleton();
        let length = |token: &u32| reference.decode_bytes(&[*token]).expect("it is in the vocabulary").len();
        reference.encode_ordinary(text).iter().map(length).collect()
    }

    #[track_caller]
    fn is_as_expected(text: &str) {
        assert_eq!(lengths(text).collect::<Vec<_>>(), expected(text), "{text:?}");
    }

    #[rstest]
    #[case::nothing("")]
    #[case::words("I work as a nurse in Lisbon. That sounds lovely!")]
    #[case::contractions("I'm, you'RE, he'S, she'ſ, we'll, they'Ve, 'd 'tis 'x 'r ''s '")]
    #[case::numbers("1 12 123 1234 12345678 ①② ٣٤٥٦ Ⅷ½ 3a4")]
    #[case::signs("a != b; -- ...\r\n\r\n(c) «d» $5 !\n?\n\n#\u{301}")]
    #[case::spaces("a  b   c\t\td \t e\u{a0}\u{3000}f    ")]
    #[case::lines("a\n\n\nb \n c\r\n\r\n  d\n  \n\t e \n ")]
    #[case::scripts("我的密码。 Привет, мир! ฉันเป็นพยาบาล नमस्ते 간호사예요 ﷽ Ⓐ ªº ʰ")]
    #[case::emoji("👩‍⚕️🏳️‍🌈😀😀 ❤️")]
    #[case::one_long_word("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft")]
    #[case::of_a_later_unicode("\u{3d000},A \u{323b0}b")]
    #[case::control("\0\u{1b}[31m\u{7f}\u{85}\u{2028}x\u{feff}")]
    fn tokens_are_as_those_of_the_reference(#[case] text: &str) {
        is_as_expected(text);
    }

    #[test]
    fn a_very_long_piece_is_no_trouble() {
        // Merged pair by pair over the whole piece, this would take minutes.
        for text in ["ab".repeat(10_000), "我".repeat(5_000), "?!-".repeat(5_000), " ".repeat(20_000)] {
            assert_eq!(lengths(&text).sum::<usize>(), text.len());
        }
        is_as_expected(&"abcd我".repeat(100));
        is_as_expected(&" ".repeat(1_000));
    }

    proptest! {
        #[test]
        fn so_are_those_of_any_text(text in ".{0,60}") {
            prop_assert_eq!(lengths(&text).collect::<Vec<_>>(), expected(&text));
        }

        #[test]
        fn so_are_those_where_many_rules_meet(text in "[ \t\r\n'.!$0-9a-eslrvtmdSLRVTMDſäЯ我ก़٣½Ⓐ😀\u{a0}\u{301}]{0,60}") {
            prop_assert_eq!(lengths(&text).collect::<Vec<_>>(), expected(&text));
        }
    }
}
