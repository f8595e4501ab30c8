//! What a model is to reply, and how its reply is read: kindly first, then strictly (spec 05).
//!
//! ```text
//!   text ─▶ find: the last whole object that is an answer ─▶ read: field by field, what is missing is empty
//!            └── none: no answer                              └── a wrong type: a violation, told to the model once
//! ```
//!
//! The types below are the form. The JSON Schema that goes to the model is made from them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::tone::Tone;
use crate::domain::memory::GraphType;

mod find;
pub mod plain;
#[cfg(test)]
mod tests;

/// What is wrong with a reply. It names places and schema words only, because a reply can quote the conversation.
pub type Violation = String;

/// A value that a model is asked for.
trait Field: Sized + Default {
    /// The JSON Schema of the value, as `OpenAI`'s strict mode wants it: every property required and no other allowed. Lengths and
    /// counts are left out because that mode refuses them.
    fn schema() -> Value;

    /// Reads the value at a place, named by its JSON pointer.
    fn read(value: &Value, at: &str) -> Result<Self, Violation>;
}

/// An object of the form: its struct, its schema and its reading. A text in its place stands for the field after `alone`, which no
/// object can lack; a missing or null field is empty.
macro_rules! form {
    (alone: $alone:expr; $(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $name {
            /// The fields' names.
            pub const FIELDS: &[&str] = &[$(stringify!($field)),*];
        }

        impl Field for $name {
            fn schema() -> Value {
                json!({
                    "type": "object",
                    "properties": { $(stringify!($field): <$type as Field>::schema()),* },
                    "required": Self::FIELDS,
                    "additionalProperties": false,
                })
            }

            fn read(value: &Value, at: &str) -> Result<Self, Violation> {
                let alone: Option<&str> = $alone;
                let given = match (value, alone) {
                    (Value::Object(fields), _) => fields.clone(),
                    (Value::String(_), Some(alone)) => Map::from_iter([(alone.to_owned(), value.clone())]),
                    _ => return Err(wrong_type(at)),
                };
                if let Some(missing) = alone.filter(|alone| field(&given, alone).is_none()) {
                    return Err(format!("{} lacks \"{missing}\"", place(at)));
                }
                Ok(Self {
                    $($field: match field(&given, stringify!($field)) {
                        Some(value) => Field::read(value, &format!(concat!("{}/", stringify!($field)), at))?,
                        None => Default::default(),
                    },)*
                })
            }
        }
    };
}

form! {
    alone: None;
    /// What a model notes of a conversation.
    pub struct Notes {
        /// What is worth remembering.
        pub facts: Vec<NotedFact>,
        /// What was left open.
        pub threads: Vec<String>,
        /// What it makes Nikita think.
        pub thoughts: Vec<String>,
        /// What happened.
        pub summary: String,
        /// How the player treated Nikita.
        pub emotional_tone: Tone,
    }
}

form! {
    alone: Some("fact");
    /// A sentence worth remembering.
    pub struct NotedFact {
        /// The words of the transcript that show it.
        pub quote: String,
        /// The sentence.
        pub fact: String,
        /// Whom it is about.
        pub kind: GraphType,
    }
}

impl Notes {
    /// The JSON Schema of the notes.
    #[must_use]
    pub fn schema() -> Value {
        <Self as Field>::schema()
    }

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

impl Field for String {
    fn schema() -> Value {
        json!({"type": "string"})
    }

    /// A list of texts is their sequence.
    fn read(value: &Value, at: &str) -> Result<Self, Violation> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Array(parts) => {
                let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                parts.map(|parts| parts.join(" ")).ok_or_else(|| wrong_type(at))
            }
            _ => Err(wrong_type(at)),
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn schema() -> Value {
        json!({"type": "array", "items": T::schema()})
    }

    /// A list may stand inside a string; what is null in it is passed over.
    fn read(value: &Value, at: &str) -> Result<Self, Violation> {
        let inner;
        let items = match value {
            Value::Array(items) => items,
            Value::String(text) if text.trim().is_empty() => return Ok(Self::new()),
            Value::String(text) => {
                inner = serde_json::from_str::<Vec<Value>>(text).map_err(|_| wrong_type(at))?;
                &inner
            }
            _ => return Err(wrong_type(at)),
        };
        let items = items.iter().enumerate().filter(|(_, item)| !item.is_null());
        items.map(|(index, item)| T::read(item, &format!("{at}/{index}"))).collect()
    }
}

/// A tone that is not known is neutral.
impl Field for Tone {
    fn schema() -> Value {
        json!({"type": "string", "enum": Self::ALL.map(Self::as_str)})
    }

    fn read(value: &Value, _: &str) -> Result<Self, Violation> {
        let known = word(value).and_then(|word| Self::ALL.into_iter().find(|tone| tone.as_str() == word));
        Ok(known.unwrap_or_default())
    }
}

/// A kind that is not known is the relationship's (spec 04).
impl Field for GraphType {
    fn schema() -> Value {
        json!({"type": "string", "enum": ["user", "preference", "personal", "relationship", "nikita"]})
    }

    fn read(value: &Value, _: &str) -> Result<Self, Violation> {
        Ok(match word(value).as_deref() {
            Some("user" | "preference" | "personal") => Self::User,
            Some("nikita") => Self::Nikita,
            _ => Self::Relationship,
        })
    }
}

fn word(value: &Value) -> Option<String> {
    value.as_str().map(|word| word.trim().to_ascii_lowercase())
}

/// A field by its name, in whatever spelling; none where it is null.
fn field<'a>(given: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let plain = |key: &str| key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let exact = given.get(name);
    let other = || given.iter().find(|(key, _)| plain(key) == plain(name)).map(|(_, value)| value);
    exact.or_else(other).filter(|value| !value.is_null())
}

fn wrong_type(at: &str) -> Violation {
    format!("{} has the wrong type", place(at))
}

fn place(at: &str) -> &str {
    if at.is_empty() { "it" } else { at }
}
