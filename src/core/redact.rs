//! Redacts a provider's error message for logs and rows: bounded, on one line, without keys and without conversation text.

use std::collections::HashSet;

use super::text;

mod escapes;

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
/// that was sent. Each becomes `[…]`. Escapes, such as `\n`, `\u6211`, `&quot;` and `%20`, are decoded.
///
/// A passage is a long word, three words, or two characters of a script without spaces. If the conversation and the message only happen
/// to share it, it is redacted too: a gap is better than a leak.
#[must_use]
pub fn redact(message: &str, keys: &[&str], private: &str) -> String {
    let mut message = text::one_line(&escapes::decoded(text::first_chars(message, MOST_READ)));
    for key in keys.iter().filter(|key| !key.is_empty()) {
        message = message.replace(key, GAP);
    }
    // Vendors quote a wrong key with its middle masked.
    let without_keys = |word| if str::contains(word, "sk-") { GAP } else { word };
    let message = message.split(' ').map(without_keys).collect::<Vec<_>>().join(" ");
    let places = words(&message);
    let telling = telling(&lower(&message, &places), &escapes::decoded(private));
    let mut kept = String::new();
    let (mut from, mut in_gap) = (0, false);
    for ((start, end), telling) in places.into_iter().zip(telling) {
        if telling {
            if !in_gap {
                kept.push_str(&message[from..start]);
                kept.push_str(GAP);
            }
            from = end;
        }
        in_gap = telling;
    }
    kept.push_str(&message[from..]);
    text::first_chars(&kept, MOST_CHARS).to_owned()
}

/// For each word, whether it belongs to a passage of `private`.
fn telling(ours: &[String], private: &str) -> Vec<bool> {
    let theirs = lower(private, &words(private));
    let mut telling = vec![false; ours.len()];
    for length in 1..=TELLING_RUN {
        let said: HashSet<&[String]> = theirs.windows(length).collect();
        for (at, run) in ours.windows(length).enumerate() {
            if is_passage(run) && said.contains(run) {
                telling[at..at + length].fill(true);
            }
        }
    }
    telling
}

fn is_passage(run: &[String]) -> bool {
    let is_long = |word: &String| word.chars().count() >= TELLING_WORD;
    let is_unspaced = |word: &String| word.chars().all(is_unspaced);
    run.len() >= TELLING_RUN || run.iter().any(is_long) || run.len() > 1 && run.iter().all(is_unspaced)
}

/// The byte ranges of the words. In scripts without spaces, each character is one.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut begun = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let alone = is_unspaced(letter);
        if alone || !letter.is_alphanumeric() {
            words.extend(begun.take().map(|start| (start, at)));
        } else if begun.is_none() {
            begun = Some(at);
        }
        if alone {
            words.push((at, at + letter.len_utf8()));
        }
    }
    words
}

/// The words in lower case.
fn lower(text: &str, words: &[(usize, usize)]) -> Vec<String> {
    words.iter().map(|(start, end)| text[*start..*end].to_lowercase()).collect()
}

/// Whether it is of a script that is written without spaces, or with spaces between phrases: Thai, Lao, Myanmar, Khmer, Hangul, kana, Han.
const fn is_unspaced(char: char) -> bool {
    matches!(char,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{318f}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

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
        assert_eq!(redact("can not read tell Marguerite", &[], private), "can not read […]");
    }

    #[rstest]
    #[case::chinese("user: 我的密码是4711。", "输入「我的密码是4711」有误", "输入「[…]」有误")]
    #[case::part_of_it("user: 我的密码是4711。", "near 密码: no", "near […]: no")]
    #[case::one_character("user: 我的密码是4711。", "near 我: no", "near 我: no")]
    #[case::japanese("user: わたしはナースです", "bad: 私はナースです!", "bad: 私[…]!")]
    #[case::korean("user: 저는 간호사예요", "bad: 간호사가", "bad: […]가")]
    #[case::thai("user: ฉันเป็นพยาบาล", "bad 'เป็นพยาบาล'", "bad '[…]'")]
    fn so_are_those_of_scripts_without_spaces(#[case] private: &str, #[case] message: &str, #[case] expected: &str) {
        assert_eq!(redact(message, &[], private), expected);
    }

    #[rstest]
    #[case::json(r"bad: \u042f \u0440\u0430\u0431\u043e\u0442\u0430\u044e \u0442\u0443\u0442", "bad: […]")]
    #[case::json_in_json(
        r"bad: \\u042f \\u0440\\u0430\\u0431\\u043e\\u0442\\u0430\\u044e \\u0442\\u0443\\u0442",
        "bad: […]"
    )]
    #[case::python_bytes(
        r"bad: b'\xd0\xaf \xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\xd1\x8e \xd1\x82\xd1\x83\xd1\x82'",
        "bad: b'[…]'"
    )]
    #[case::html(
        "<p>bad: &#1071; &#x440;&#x430;&#x431;&#x43e;&#x442;&#x430;&#x44e; &#1090;&#1091;&#1090;</p>",
        "<p>bad: […]</p>"
    )]
    #[case::url("bad: /v1?q=%D0%AF%20%D1%80%D0%B0%D0%B1%D0%BE%D1%82%D0%B0%D1%8E+%D1%82%D1%83%D1%82", "bad: /v1?q=[…]")]
    #[case::line_breaks(r"bad: 'user: Me\nnikita: Marguerite'", "bad: '[…]'")]
    fn so_are_escaped_ones(#[case] message: &str, #[case] expected: &str) {
        assert_eq!(redact(message, &[], "user: Я работаю тут\nuser: Me\nnikita: Marguerite"), expected);
    }

    #[test]
    fn keys_and_control_characters_are_removed() {
        assert_eq!(redact("key=abc123! is wrong", &["abc123"], ""), "key=[…]! is wrong");
        assert_eq!(redact("provided: sk-proj-12**34. See the docs", &[], ""), "provided: […] See the docs");
        assert!(!redact("one\n2026 ERROR two\u{1b}[31m", &[], "").contains(['\n', '\u{1b}']));
        assert!(!redact(r"one\n2026 ERROR two\u001b[31m\x1b[0m", &[], "").contains(['\n', '\u{1b}']));
        assert!(redact(&"word ".repeat(10_000), &[], "").chars().count() <= 300);
    }

    proptest! {
        #[test]
        fn no_long_word_of_the_conversation_survives(private in "[a-zäöü ]{0,60}", before in "[A-Za-z ,.]{0,30}") {
            let message = format!("{before} {private} {before}");
            let kept = redact(&message, &[], &private);
            let kept = lower(&kept, &words(&kept));
            for word in private.split_whitespace().filter(|word| word.chars().count() >= TELLING_WORD) {
                prop_assert!(!kept.contains(&word.to_lowercase()), "{word} in {kept:?}");
            }
        }

        #[test]
        fn no_two_characters_of_a_script_without_spaces_survive(
            private in "[一-龥ぁ-んァ-ヶ가-힣ก-ฮ𠀀-𠀿]{2,40}", around in "[A-Za-z ,.'0-9]{0,30}", from in 0_usize..38,
        ) {
            let quoted: String = private.chars().skip(from.min(private.chars().count() - 2)).collect();
            let kept = redact(&format!("{around}{quoted}{around}"), &[], &format!("user: {private}"));
            prop_assert!(!kept.contains(is_unspaced), "{kept}");
        }

        #[test]
        fn an_escaped_quotation_is_redacted_like_a_plain_one(private in "[a-zа-я一-龥가-힣😀-😏 ]{0,60}", depth in 0_usize..3) {
            let units = private.encode_utf16().map(|unit| format!("{}u{unit:04x}", "\\".repeat(1 << depth)));
            let escaped = format!("bad input \"{}\"", units.collect::<String>());
            let plain = format!("bad input \"{private}\"");
            prop_assert_eq!(redact(&escaped, &[], &private), redact(&plain, &[], &private));
        }

        #[test]
        fn never_panics(message in ".{0,200}", private in ".{0,200}", key in ".{0,5}") {
            let _ = redact(&message, &[&key], &private);
        }

        #[test]
        fn broken_escapes_do_no_harm(message in r#"[\\uUxn"{}0-9a-f我]{0,80}"#) {
            let _ = redact(&message, &[], &message);
        }
    }
}
