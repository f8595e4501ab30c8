//! What a model is to reply, and how its reply is read: kindly first, then strictly (spec 05).
//!
//! ```text
//!   text ─▶ find: the last whole object that is an answer ─▶ read: field by field, what is missing is empty
//!            └── none: no answer                              └── a wrong type: a violation, told to the model once
//! ```
//!
//! [`Notes`] is the form.

use serde_json::Value;

mod find;
mod form;
pub mod plain;
#[cfg(test)]
mod tests;

use form::Field;
pub use form::{NotedFact, Notes, Violation};

impl Notes {
    /// The notes in a text, which may think aloud, talk around them, wrap them and fence them.
    ///
    /// # Errors
    /// What is wrong with them.
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
    /// What is wrong with them.
    pub fn in_value(value: &Value) -> Result<Self, Violation> {
        match value {
            Value::String(text) => Self::in_text(text),
            value => Self::last_of(std::slice::from_ref(value)),
        }
    }

    /// The notes, where a text is one whole object and nothing else: so much is asked of a model's thinking.
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
        let mut said_nothing = Err("all its fields are empty, though something was said".to_owned());
        for answer in answers {
            match Self::read(&answer, "") {
                Ok(notes) if notes.is_blank() => {}
                read => {
                    said_nothing = read;
                    break;
                }
            }
        }
        said_nothing
    }

    /// Whether nothing is noted.
    fn is_blank(&self) -> bool {
        let blank = |text: &String| text.trim().is_empty();
        self.facts.iter().all(|fact| blank(&fact.fact))
            && self.threads.iter().chain(&self.thoughts).all(blank)
            && blank(&self.summary)
    }
}
