//! Makes text of players and models safe to store and to show to a model, and limits its length.

/// `text` trimmed and without unsafe characters:
///
/// * control characters are removed, including NUL (which PostgreSQL refuses), except newline and tab;
/// * every other line break (CR, CR LF, NEL, U+2028, U+2029) becomes a newline, so that every reader sees the same lines;
/// * marks that reorder text (U+061C, U+200E, U+200F, U+202A–U+202E, U+2066–U+2069) and zero-width blanks (U+200B, U+2060, U+FEFF)
///   are removed, because with them a text differs from its display. The joiners that emoji and Persian need stay.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut after_cr = false;
    for char in text.chars() {
        match char {
            '\n' if after_cr => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\n' | '\t' => clean.push(char),
            _ if char.is_control() || is_unseen(char) => {}
            _ => clean.push(char),
        }
        after_cr = char == '\r';
    }
    let trimmed = clean.trim();
    if trimmed.len() == clean.len() { clean } else { trimmed.to_owned() }
}

/// Whether it is a mark that reorders text, or a zero-width blank.
#[must_use]
pub const fn is_unseen(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether it has no visible character: only blanks, control characters, joiners and fillers.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| {
        char.is_whitespace() || char.is_control() || is_unseen(char) || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}' | '\u{200c}' | '\u{200d}'
            | '\u{2061}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    })
}

/// `text`, [`clean`] and on one line, with single blanks: a stored sentence can't begin a section of the prompt that quotes it.
#[must_use]
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first `most` characters.
#[must_use]
pub fn first_chars(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// The last `most` characters.
#[must_use]
pub fn last_chars(text: &str, most: usize) -> &str {
    let Some(before) = most.checked_sub(1) else { return "" };
    text.char_indices().nth_back(before).map_or(text, |(start, _)| text.get(start..).unwrap_or(text))
}

/// The known word that `word` most likely misspells: at most a third of its letters differ.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|it| (distance(word, it), it));
    distances.filter(|(distance, it)| distance * 3 <= it.chars().count()).min().map(|(_, it)| it)
}

/// The Levenshtein distance: how many letters must be inserted, deleted or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, char) in one.chars().enumerate() {
        let mut before = line;
        let mut last = line + 1;
        for (place, theirs) in other.iter().enumerate() {
            let above = row.get(place + 1).copied().unwrap_or_default();
            let cost = (above + 1).min(last + 1).min(before + usize::from(char != *theirs));
            if let Some(cell) = row.get_mut(place) {
                *cell = last;
            }
            (before, last) = (above, cost);
        }
        if let Some(cell) = row.last_mut() {
            *cell = last;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{clean, distance, first_chars, is_blank, last_chars, nearest, one_line};

    #[rstest]
    #[case::nothing("", true)]
    #[case::joiners("\u{200d}\u{fe0f}\u{200c}", true)]
    #[case::fillers("\u{3164} \u{2800}\u{ad}", true)]
    #[case::tags("\u{e0041}\u{e007f}", true)]
    #[case::an_emoji("👩\u{200d}🚀", false)]
    #[case::a_dot(".", false)]
    fn invisible_text_is_blank(#[case] text: &str, #[case] blank: bool) {
        assert_eq!(is_blank(text), blank);
    }

    #[rstest]
    #[case::plain("Hello, wörld", "Hello, wörld")]
    #[case::trimmed("  \n hello \t ", "hello")]
    #[case::newline_and_tab_stay("a\n\tb", "a\n\tb")]
    #[case::control("a\0b\u{7}c\u{1b}[31md\u{9f}e", "abc[31mde")]
    #[case::carriage_returns("a\r\nb\rc\n\rd", "a\nb\nc\n\nd")]
    #[case::other_line_breaks("a\u{85}b\u{2028}c\u{2029}d", "a\nb\nc\nd")]
    #[case::reordering("pay \u{202e}001\u{202c} \u{2067}x\u{2069}\u{200f}", "pay 001 x")]
    #[case::blanks_without_width("\u{feff}\u{200b}\u{2060}", "")]
    #[case::joined_emoji("👩\u{200d}🚀", "👩\u{200d}🚀")]
    fn cleans(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(clean(text), expected);
    }

    #[test]
    fn puts_on_one_line() {
        assert_eq!(one_line("  a \n\n# b\t\u{a0}c\0 "), "a # b c");
    }

    #[rstest]
    #[case("äöü", 0, "", "")]
    #[case("äöü", 1, "ä", "ü")]
    #[case("äöü", 2, "äö", "öü")]
    #[case("äöü", 3, "äöü", "äöü")]
    #[case("äöü", 4, "äöü", "äöü")]
    #[case("", 2, "", "")]
    fn cuts_between_characters(#[case] text: &str, #[case] most: usize, #[case] first: &str, #[case] last: &str) {
        assert_eq!(first_chars(text, most), first);
        assert_eq!(last_chars(text, most), last);
    }

    #[test]
    fn misspellings_are_near() {
        assert_eq!([distance("", "abc"), distance("kitten", "sitting"), distance("a", "a")], [3, 3, 0]);
        let known = ["NIKITA_LEASE", "NIKITA_DECAY_WINDOW", "NIKITA_FORCE"];
        assert_eq!(nearest("NIKITA_DECAY_WINDWO", known.into_iter()), Some("NIKITA_DECAY_WINDOW"));
        assert_eq!(nearest("ENTIRELY_OTHERWISE", known.into_iter()), None);
    }

    proptest! {
        #[test]
        fn cleaning_is_complete(text in "(?s).*") {
            let once = clean(&text);
            prop_assert_eq!(&clean(&once), &once);
            prop_assert!(!once.contains(|char: char| char.is_control() && char != '\n' && char != '\t'));
            prop_assert!(!one_line(&text).contains(['\n', '\t']));
        }

        #[test]
        fn cuts_have_the_right_length(text in "(?s).*", most in 0_usize..50) {
            let expected = most.min(text.chars().count());
            prop_assert_eq!(first_chars(&text, most).chars().count(), expected);
            prop_assert_eq!(last_chars(&text, most).chars().count(), expected);
        }
    }
}
