//! The form of a model's reply ([`Notes`]) and its parser, which is lenient where it finds the answer and strict about the types of
//! its fields (spec 05).
//!
//! ```text
//!   text ─▶ find: the last complete object that is an answer ─▶ read: field by field, a missing one is empty
//!            └── none: no answer                                 └── a wrong type: a violation, reported to the model once
//! ```

use serde_json::Value;

mod find;
mod form;
pub mod plain;
#[cfg(test)]
mod tests;

use form::Field;
pub use form::{NotedFact, Notes, Violation};

impl Notes {
    /// The notes in a text, which can also contain thinking, chatter, wrapper objects and code fences.
    ///
    /// # Errors
    /// If there are none, or a field has the wrong type.
    pub fn in_text(text: &str) -> Result<Self, Violation> {
        let mut found = find::objects(text);
        if !found.iter().any(|value| find::answer(value).is_some())
            && let Some(mended) = find::mended(text)
        {
            found = find::objects(&mended);
        }
        Self::last_of(&found)
    }

    /// The notes in a value, such as the arguments of a tool call.
    ///
    /// # Errors
    /// If there are none, or a field has the wrong type.
    pub fn in_value(value: &Value) -> Result<Self, Violation> {
        match value {
            Value::String(text) => Self::in_text(text),
            value => Self::last_of(std::slice::from_ref(value)),
        }
    }

    /// The notes, if the text is a single object. Stricter than [`Notes::in_text`], for answers within a model's thinking.
    #[must_use]
    pub fn alone_in(text: &str) -> Option<Self> {
        let whole: Value = serde_json::from_str(plain::unfenced(text)).ok()?;
        Self::in_value(whole.is_object().then_some(&whole)?).ok()
    }

    fn last_of(values: &[Value]) -> Result<Self, Violation> {
        let mut answers = values.iter().rev().filter_map(find::answer).peekable();
        if answers.peek().is_none() {
            return Err(format!("it holds no JSON object with the fields {}", Self::FIELDS.join(", ")));
        }
        let mut last = Err("all its fields are empty, though the conversation has content".to_owned());
        for answer in answers {
            match Self::read(&answer, "") {
                Ok(notes) if notes.is_blank() => {}
                read => {
                    last = read;
                    break;
                }
            }
        }
        last
    }

    /// Whether all fields are empty.
    fn is_blank(&self) -> bool {
        let blank = |text: &String| text.trim().is_empty();
        self.facts.iter().all(|fact| blank(&fact.fact))
            && self.threads.iter().chain(&self.thoughts).all(blank)
            && blank(&self.summary)
    }
}
