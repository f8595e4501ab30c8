//! Lenient parsing of JSON that another program wrote into SQLite text.

use serde_json::Value;

/// Parses JSON. An escaped half of a surrogate pair, which JavaScript writes when it cuts an emoji, becomes U+FFFD, as it would on
/// a screen. `None` if the text is still not JSON.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&mend(text))).ok()
}

fn mend(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        // Takes a backslash with what it escapes, so that `\\ud83d` stays unchanged.
        let taken = match (escaped(rest), rest.get(6..).and_then(escaped)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end),
        };
        mended.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    mended + rest
}

/// The code of an escape at the beginning: `\u` and four hexadecimal digits.
fn escaped(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn halves_of_a_pair_are_mended_and_whole_ones_kept() {
        assert_eq!(
            parse(r#"["a\ud83db", "\udc00", "\ud83d\ude00", "\\ud83d", "\ud83d\ud83d\ude00"]"#),
            Some(json!(["a\u{fffd}b", "\u{fffd}", "😀", "\\ud83d", "\u{fffd}😀"]))
        );
        assert_eq!(parse(r#"["\ud83d"#), None);
        assert_eq!(parse("\\"), None);
        assert_eq!(parse("\\u12"), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_leaves_good_json_alone(text in "(\\\\|u|d83d|dc00|\"|é|[a-f0-9]){0,30}", good in "\\PC*") {
            let _ = parse(&text);
            let json = json!([good]).to_string();
            prop_assert_eq!(mend(&json), json);
        }
    }
}
