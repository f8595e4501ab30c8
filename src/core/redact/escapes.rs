//! Decodes the escapes of JSON, Python, Rust, HTML and URLs in a text, so that it can be compared with the text before it was escaped.

/// How many times a text can have been escaped.
const MOST_LEVELS: usize = 8;
/// What an escape begins with.
const MARKS: [char; 3] = ['\\', '&', '%'];
/// HTML's names of the characters that are always escaped there, and of the space that never breaks.
const NAMED: [(&str, &str); 6] =
    [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&nbsp;", "\u{a0}")];

/// The text without escapes. An invalid escape stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MOST_LEVELS {
        let plain = if text.contains(MARKS) { once(&text) } else { break };
        if plain == text {
            break;
        }
        text = plain;
    }
    text
}

fn once(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARKS) {
        plain.push_str(&rest[..at]);
        let (meant, length) = first(&rest[at..]).unwrap_or_else(|| (rest[at..=at].to_owned(), 1));
        plain.push_str(&meant);
        rest = &rest[at + length..];
    }
    plain.push_str(rest);
    plain
}

/// What the escape at the beginning of a text means, and its length in bytes.
fn first(text: &str) -> Option<(String, usize)> {
    match text.as_bytes()[0] {
        b'&' => entity(text),
        b'%' => bytes(text, "%"),
        _ => backslashed(text),
    }
}

fn backslashed(text: &str) -> Option<(String, usize)> {
    match text.as_bytes().get(1)? {
        b'n' | b'r' => Some(("\n".to_owned(), 2)),
        b't' => Some(("\t".to_owned(), 2)),
        b'"' | b'\'' | b'/' | b'\\' => Some((text[1..2].to_owned(), 2)),
        b'u' => braced(text).or_else(|| unit_or_pair(text)),
        b'U' => Some((char::from_u32(hex(text.get(2..10)?)?)?.to_string(), 10)),
        b'x' => bytes(text, "\\x"),
        _ => None,
    }
}

/// Rust's and JavaScript's `\u{6211}`.
fn braced(text: &str) -> Option<(String, usize)> {
    let digits = text.strip_prefix("\\u{")?;
    let length = digits.bytes().take(9).position(|byte| byte == b'}')?;
    Some((char::from_u32(hex(digits.get(..length)?)?)?.to_string(), length + 4))
}

/// JSON's `\u6211`, or two of them for a character beyond the first 65,536.
fn unit_or_pair(text: &str) -> Option<(String, usize)> {
    let unit = |text: &str| u16::try_from(hex(text.strip_prefix("\\u")?.get(..4)?)?).ok();
    let one = unit(text)?;
    if let Ok(char) = String::from_utf16(&[one]) {
        return Some((char, 6));
    }
    String::from_utf16(&[one, unit(text.get(6..)?)?]).ok().map(|char| (char, 12))
}

/// HTML's `&#25105;`, `&#x6211;` and `&quot;`.
fn entity(text: &str) -> Option<(String, usize)> {
    if let Some((name, meant)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        return Some(((*meant).to_owned(), name.len()));
    }
    let number = text.strip_prefix("&#")?;
    let length = number.bytes().take(9).position(|byte| byte == b';')?;
    let number = number.get(..length)?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => hex(digits)?,
        None => number.parse().ok().filter(|_| number.bytes().all(|digit| digit.is_ascii_digit()))?,
    };
    Some((char::from_u32(code)?.to_string(), "&#;".len() + length))
}

/// Python's `\xe6\x88\x91` or a URL's `%E6%88%91`: bytes of UTF-8, else characters up to U+00FF.
fn bytes(text: &str, mark: &str) -> Option<(String, usize)> {
    let length = mark.len() + 2;
    let byte = |text: &str| u8::try_from(hex(text.strip_prefix(mark)?.get(..2)?)?).ok();
    let mut bytes = Vec::new();
    while let Some(next) = text.get(bytes.len() * length..).and_then(byte) {
        bytes.push(next);
    }
    let mut meant = String::new();
    for chunk in bytes.utf8_chunks() {
        meant.push_str(chunk.valid());
        meant.extend(chunk.invalid().iter().copied().map(char::from));
    }
    (!bytes.is_empty()).then_some((meant, bytes.len() * length))
}

/// A number of one to eight hexadecimal digits.
fn hex(digits: &str) -> Option<u32> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing("我 / \"n\"", "我 / \"n\"")]
    #[case::json(r#"\u6211\n\t\"\/\\"#, "我\n\t\"/\\")]
    #[case::pair(r"\ud83d\ude00\uD83D\uDE00", "😀😀")]
    #[case::python(r"\xe6\x88\x91 \xe9t\xe9 \U0001f600", "我 été 😀")]
    #[case::rust(r"\u{6211}\u{1f600}", "我😀")]
    #[case::twice(r"\\u6211 \\\\n", "我 \n")]
    #[case::half_a_pair(r"\ud83d!\ud83d\u0041", r"\ud83d!\ud83dA")]
    #[case::too_short(r"\u62 \x9 \U1f600 \u{} \u{12 \", r"\u62 \x9 \U1f600 \u{} \u{12 \")]
    #[case::no_digits(r"\u+621 \x-1 \u我我 \q", r"\u+621 \x-1 \u我我 \q")]
    #[case::html("&#1071; &#x6211;&#X1F600; &lt;&quot;&amp;amp;&apos;&gt;&nbsp;.", "Я 我😀 <\"&'>\u{a0}.")]
    #[case::url("I+%D0%AF%20%e6%88%91%2520%E9", "I+Я 我 \u{e9}")]
    #[case::neither(
        "at 95 %, 4%20x? a & b &#; &#x; &#+65; &#123456789; &q;",
        "at 95 %, 4 x? a & b &#; &#x; &#+65; &#123456789; &q;"
    )]
    #[case::a_cut_character(r"\xe6\x88\x91\xe6\x88", "我\u{e6}\u{88}")]
    fn escapes_are_decoded(#[case] text: &str, #[case] meant: &str) {
        assert_eq!(decoded(text), meant);
    }
}
