//! Reads the JSON of a response.

use serde_json::Value;

/// The kinds of body.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// JSON.
    Json(Value),
    /// Invalid JSON: it came from the server, but is unusable.
    Broken,
    /// Empty, or not JSON at all, such as an HTML page: it did not come from the server.
    Foreign,
}

/// Reads a body. A byte order mark is skipped; `NaN` and `Infinity`, which Python writes, are null.
pub(super) fn read(bytes: &[u8]) -> Body {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        return match value {
            value @ (Value::Object(_) | Value::Array(_)) => Body::Json(value),
            _ => Body::Foreign,
        };
    }
    let text = String::from_utf8_lossy(bytes);
    if !text.trim_start().starts_with(['{', '[']) {
        return Body::Foreign;
    }
    serde_json::from_str(&without_nan(&text)).map_or(Body::Broken, Body::Json)
}

/// Replaces `NaN` and `Infinity` outside of strings with null.
fn without_nan(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut rest, mut quoted) = (text, false);
    while let Some(char) = rest.chars().next() {
        if !quoted && let Some(word) = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| rest.starts_with(word))
        {
            plain.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        let length = if quoted && char == '\\' {
            1 + rest[1..].chars().next().map_or(0, char::len_utf8)
        } else {
            char.len_utf8()
        };
        quoted ^= char == '"';
        plain.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_read_and_other_bodies_are_told_apart() {
        assert_eq!(read(b"\xef\xbb\xbf\n\n {\"a\": 1}"), Body::Json(json!({"a": 1})));
        assert_eq!(
            read(br#"{"NaN \" NaN": [NaN, -Infinity, 0.5]}"#),
            Body::Json(json!({"NaN \" NaN": [null, null, 0.5]}))
        );
        for foreign in [&b""[..], b" \n", b"<html>{}</html>", b"\"text\"", b"upstream connect error"] {
            assert_eq!(read(foreign), Body::Foreign);
        }
        assert_eq!(read(b"{\"a\": [1, 2"), Body::Broken);
    }
}
