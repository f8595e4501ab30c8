//! The JSON of a reply, as servers write it.

use serde_json::Value;

/// What a body is.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// JSON.
    Json(Value),
    /// JSON that is broken: the server's reply, and of no use.
    Broken,
    /// Nothing, or a page for people: whoever answered is not the server.
    Foreign,
}

/// Reads a body. A byte order mark is passed over; `NaN` and `Infinity`, which Python writes, are null.
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

/// The words that are no JSON, outside of strings, as null.
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
    fn whatever_is_json_is_read() {
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
