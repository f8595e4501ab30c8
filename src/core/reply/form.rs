//! The form of a reply as types. The JSON Schema for the model is generated from them. A missing field is empty.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::core::tone::Tone;
use crate::domain::memory::GraphType;

/// An error in a reply. It contains only JSON pointers and field names, because a reply can quote the conversation.
pub type Violation = String;

/// A value in the reply.
pub(super) trait Field: Sized + Default {
    /// The JSON Schema of the value in the form that `OpenAI`'s strict mode requires: all properties required, no others allowed,
    /// no limits of lengths and counts.
    fn schema() -> Value;

    /// Reads the value at the JSON pointer `at`.
    fn read(value: &Value, at: &str) -> Result<Self, Violation>;
}

/// Declares an object of the form: its struct, its schema and its parser. The field after `alone` is required, and a string in
/// place of the object is its value. Any other missing or null field is empty.
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
    /// A model's notes on a conversation.
    pub struct Notes {
        /// Facts worth remembering.
        pub facts: Vec<NotedFact>,
        /// Open topics.
        pub threads: Vec<String>,
        /// Nikita's thoughts about it.
        pub thoughts: Vec<String>,
        /// The summary.
        pub summary: String,
        /// How the player treated Nikita.
        pub emotional_tone: Tone,
    }
}

form! {
    alone: Some("fact");
    /// A fact worth remembering.
    pub struct NotedFact {
        /// The words of the transcript that support it.
        pub quote: String,
        /// The fact, one sentence.
        pub fact: String,
        /// Its subject.
        pub kind: GraphType,
    }
}

impl Notes {
    /// The JSON Schema of the notes.
    #[must_use]
    pub fn schema() -> Value {
        <Self as Field>::schema()
    }
}

impl Field for String {
    fn schema() -> Value {
        json!({"type": "string"})
    }

    /// A list of strings is joined.
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

    /// A string can contain the list. Null items are skipped.
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

/// An unknown tone is neutral.
impl Field for Tone {
    fn schema() -> Value {
        json!({"type": "string", "enum": Self::ALL.map(Self::as_str)})
    }

    fn read(value: &Value, _: &str) -> Result<Self, Violation> {
        let known = word(value).and_then(|word| Self::ALL.into_iter().find(|tone| tone.as_str() == word));
        Ok(known.unwrap_or_default())
    }
}

/// An unknown kind is the relationship (spec 04).
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

/// A field by its name, in any case and with any separators; `None` if it is null.
pub(super) fn field<'a>(given: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
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
