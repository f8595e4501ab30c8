//! Reads the content of a message: a text or a list of parts, under the names that applications and model vendors use.

use serde_json::{Map, Value};

use crate::core::text;

/// The deepest nesting of parts that is read.
const DEEPEST: usize = 8;
/// The longest name of a kind in a placeholder.
const MOST_KIND: usize = 20;

/// The content of a message.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Its texts, and a placeholder such as `[image]` for each other part.
    pub text: String,
    /// Whether any of it is speech: visible text that is not a placeholder.
    pub spoken: bool,
    /// Whether it contains a value that is neither a text nor a part.
    pub odd: bool,
}

/// The content of a message: the first of `content`, `text`, `message` and `parts` that is not empty.
pub(super) fn of(message: &Map<String, Value>) -> Content {
    let mut odd = false;
    for name in ["content", "text", "message", "parts"] {
        let Some(value) = message.get(name) else { continue };
        let mut content = Content::default();
        content.add(value, DEEPEST);
        if !content.text.is_empty() {
            return content;
        }
        odd |= content.odd;
    }
    Content { odd, ..Content::default() }
}

impl Content {
    fn add(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => {}
            Value::String(text) => self.say(text),
            Value::Array(parts) if depth > 0 => parts.iter().for_each(|part| self.add(part, depth - 1)),
            Value::Object(part) if depth > 0 => self.add_part(part, depth),
            _ => self.odd = true,
        }
    }

    fn add_part(&mut self, part: &Map<String, Value>, depth: usize) {
        for name in ["text", "parts", "content"] {
            match part.get(name) {
                None | Some(Value::Null) => {}
                Some(inner) => return self.add(inner, depth - 1),
            }
        }
        // Images, sounds, files: only their type is kept, because their data would push speech out of the budget.
        let kind = part.get("type").and_then(Value::as_str).unwrap_or("attachment");
        let kind: String = kind.chars().take_while(char::is_ascii_alphanumeric).take(MOST_KIND).collect();
        self.put(&format!("[{}]", if kind.is_empty() { "attachment" } else { &kind }));
    }

    fn say(&mut self, said: &str) {
        let cleaned = text::clean(said);
        if text::is_blank(&cleaned) {
            return;
        }
        if cleaned.contains(";base64,") {
            // The text contains an image. Only texts without one keep their line breaks and blanks.
            let words = cleaned
                .split_whitespace()
                .map(|word| if word.contains(";base64,") { data_url(word) } else { word.to_owned() });
            let words: Vec<String> = words.collect();
            self.spoken |= words.iter().any(|word| !word.starts_with('['));
            return self.put(&words.join(" "));
        }
        self.spoken = true;
        self.put(&cleaned);
    }

    fn put(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }
}

/// `[image]` for `data:image/png;base64,…`.
fn data_url(word: &str) -> String {
    let kind = word.split_once("data:").map_or("", |(_, after)| after);
    let kind: String = kind.chars().take_while(char::is_ascii_alphanumeric).take(MOST_KIND).collect();
    format!("[{}]", if kind.is_empty() { "data" } else { &kind })
}
