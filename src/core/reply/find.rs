//! Finds the answer in a model's reply, among prose, code fences, thinking and wrapper objects.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::form::{Notes, field};
use super::plain::{Tag, find_close, strip_bom, tag_at};

/// How deep an answer can be wrapped: `{"name": …, "arguments": "{\"notes\": {…}}"}` is three.
const MOST_WRAPPINGS: usize = 3;

/// How many opening brackets are tried, so that a reply full of brackets takes little time.
const MOST_TRIES: usize = 5_000;

/// Every complete JSON object and list in a text, in order, outermost only. A model's thinking is skipped: from an opening tag to
/// its closing tag; everything before a closing tag without an opening one; and, after an opening tag that is never closed,
/// everything but an object at the end of the text. A tag inside a JSON string is text.
pub(super) fn objects(text: &str) -> Vec<Value> {
    let text = strip_bom(text);
    // A reply that is a single JSON string contains the answer.
    if let Ok(inner) = serde_json::from_str::<String>(text.trim()) {
        return objects(&inner);
    }
    let mut found = Vec::new();
    let mut unclosed = false;
    let mut at = 0;
    let mut tries = 0;
    while tries < MOST_TRIES
        && let Some(offset) = text[at..].find(['{', '[', '<', '◁'])
    {
        at += offset;
        let rest = &text[at..];
        match tag_at(rest) {
            Some((Tag::Opens(close), length)) => {
                // One failed search is enough: searching again from each later tag would be quadratic.
                let closed = if unclosed { None } else { find_close(&rest[length..], close) };
                unclosed |= closed.is_none();
                at += length + closed.map_or(0, |end| end + close.len());
                continue;
            }
            Some((Tag::Closes, length)) => {
                found.clear();
                at += length;
                continue;
            }
            None => {}
        }
        tries += 1;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) if value.is_object() || value.is_array() => {
                at += values.byte_offset();
                if !unclosed || ends(&text[at..]) {
                    found.push(value);
                }
            }
            _ => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// Repairs the JSON of small models: trailing commas (Open-Historia/open-historia#354), and line breaks and other control characters
/// inside strings (manavgup/wikimind#297). Only for texts without an answer; `None` if there is nothing to repair.
pub(super) fn mended(text: &str) -> Option<String> {
    let start = text.find('{')?;
    let mut mended = String::with_capacity(text.len());
    // Kept, because it can contain an opening tag of a model's thinking.
    mended.push_str(&text[..start]);
    let mut chars = text[start..].chars();
    let mut quoted = false;
    // The position of the last comma, as long as only white space has followed.
    let mut comma = None;
    while let Some(char) = chars.next() {
        match char {
            '"' => quoted = !quoted,
            '\\' if quoted => {
                mended.push(char);
                mended.extend(chars.next());
                continue;
            }
            '\n' if quoted => {
                mended.push_str("\\n");
                continue;
            }
            char if quoted && char.is_control() => {
                mended.push(' ');
                continue;
            }
            '}' | ']' if !quoted => {
                if let Some(at) = comma.take() {
                    mended.truncate(at);
                }
            }
            _ => {}
        }
        if !char.is_whitespace() {
            comma = (char == ',' && !quoted).then_some(mended.len());
        }
        mended.push(char);
    }
    (mended != text).then_some(mended)
}

/// Whether only the end of a code fence follows.
fn ends(rest: &str) -> bool {
    rest.trim_matches(|char: char| char.is_whitespace() || char == '`').is_empty()
}

/// The answer in a value: an object, possibly wrapped, with at least two of the fields, including facts or summary. `None` if there
/// is none, or if it is ambiguous.
pub(super) fn answer(value: &Value) -> Option<Value> {
    unwrap(value, MOST_WRAPPINGS)
}

fn unwrap(value: &Value, left: usize) -> Option<Value> {
    let value = match value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            Cow::Owned(serde_json::from_str::<Value>(text).ok()?)
        }
        value => Cow::Borrowed(value),
    };
    match value.as_ref() {
        Value::Object(given) if is_answer(given) => Some(value.into_owned()),
        Value::Object(given) if left > 0 => {
            let mut inside = given.values().filter_map(|value| unwrap(value, left - 1));
            let one = inside.next();
            one.filter(|_| inside.next().is_none())
        }
        Value::Array(items) if left > 0 => items.iter().rev().find_map(|item| unwrap(item, left - 1)),
        _ => None,
    }
}

/// Fields whose values are schemas (`{"type": …}`) are an echo of the request.
fn is_answer(given: &Map<String, Value>) -> bool {
    let known: Vec<_> = Notes::FIELDS.iter().filter(|name| has(given, name)).collect();
    let echo = |name: &&&str| field(given, name).is_some_and(|value| value.get("type").is_some());
    known.len() >= 2 && known.iter().any(|name| ["facts", "summary"].contains(*name)) && !known.iter().any(echo)
}

/// Whether the field exists; it can be null.
fn has(given: &Map<String, Value>, name: &str) -> bool {
    given.contains_key(name) || field(given, name).is_some()
}
