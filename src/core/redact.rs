//! Redacts a provider's error message for logs and rows: bounded, on one line, without keys and without conversation text.

use super::text;

/// Replaces a redacted part.
const GAP: &str = "[…]";
/// The most characters of the result.
const MOST_CHARS: usize = 300;
/// The most characters of the message that are read.
const MOST_READ: usize = 4_000;
/// A single word of the conversation is redacted from this length on.
const TELLING_WORD: usize = 8;
/// Consecutive words of the conversation are redacted from this number on, however short they are.
const TELLING_RUN: usize = 3;

/// A provider's message without `keys`, without anything that looks like a key, and without any passage of `private`, the text
/// that was sent. Each becomes `[…]`.
///
/// A long word that the conversation and the message happen to share is redacted too: a gap is better than a leak.
#[must_use]
pub fn redact(message: &str, keys: &[&str], private: &str) -> String {
    let mut message = text::one_line(text::first_chars(message, MOST_READ));
    for key in keys.iter().filter(|key| !key.is_empty()) {
        message = message.replace(key, GAP);
    }
    // Vendors quote a wrong key with its middle masked.
    let without_keys = |word| if str::contains(word, "sk-") { GAP } else { word };
    let message = message.split(' ').map(without_keys).collect::<Vec<_>>().join(" ");
    let said = normal(private);
    let words = words(&message);
    let mut kept = String::new();
    let (mut at, mut from) = (0, 0);
    while at < words.len() {
        let shared = shared(&message, &words[at..], &said);
        let long = |(start, end): &(usize, usize)| message[*start..*end].chars().count() >= TELLING_WORD;
        if shared >= TELLING_RUN || words[at..at + shared].iter().any(long) {
            kept.push_str(&message[from..words[at].0]);
            kept.push_str(GAP);
            from = words[at + shared - 1].1;
            at += shared;
        } else {
            at += 1;
        }
    }
    kept.push_str(&message[from..]);
    text::first_chars(&kept, MOST_CHARS).to_owned()
}

/// How many of the next words occur in `said` in this order.
fn shared(message: &str, words: &[(usize, usize)], said: &str) -> usize {
    let mut run = String::from(" ");
    for (count, (start, end)) in words.iter().enumerate() {
        run.push_str(&message[*start..*end].to_lowercase());
        run.push(' ');
        if !said.contains(&run) {
            return count;
        }
    }
    words.len()
}

/// The byte ranges of the words.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut begun = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter.is_alphanumeric(), begun) {
            (true, None) => begun = Some(at),
            (false, Some(start)) => {
                words.push((start, at));
                begun = None;
            }
            _ => {}
        }
    }
    words
}

/// Only the words, in lower case, each between single blanks.
fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len() + 2);
    normal.push(' ');
    for (start, end) in words(text) {
        normal.push_str(&text[start..end].to_lowercase());
        normal.push(' ');
    }
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_without_private_text_is_unchanged() {
        let said = "max_tokens: 8192 > 4096, which is the maximum for this model";
        assert_eq!(redact(said, &["secret"], "user: I work as a nurse"), said);
    }

    #[test]
    fn passages_of_the_conversation_are_removed() {
        let private = "user: My PIN is 4711, don't tell Marguerite";
        assert_eq!(redact("bad input 'my pin is 4711' here", &[], private), "bad input '[…]' here");
        assert_eq!(redact("can not read \"Marguerite\"", &[], private), "can not read \"[…]\"");
    }

    #[test]
    fn keys_and_control_characters_are_removed() {
        assert_eq!(redact("key=abc123! is wrong", &["abc123"], ""), "key=[…]! is wrong");
        assert_eq!(redact("provided: sk-proj-12**34. See the docs", &[], ""), "provided: […] See the docs");
        assert!(!redact("one\n2026 ERROR two\u{1b}[31m", &[], "").contains(['\n', '\u{1b}']));
        assert!(redact(&"word ".repeat(10_000), &[], "").chars().count() <= 300);
    }

    proptest! {
        #[test]
        fn no_long_word_of_the_conversation_survives(private in "[a-zäöü ]{0,60}", before in "[A-Za-z ,.]{0,30}") {
            let message = format!("{before} {private} {before}");
            let kept = normal(&redact(&message, &[], &private));
            for word in private.split_whitespace().filter(|word| word.chars().count() >= TELLING_WORD) {
                prop_assert!(!kept.contains(&format!(" {} ", word.to_lowercase())), "{word} in {kept}");
            }
        }

        #[test]
        fn never_panics(message in ".{0,200}", private in ".{0,200}", key in ".{0,5}") {
            let _ = redact(&message, &[&key], &private);
        }
    }
}
