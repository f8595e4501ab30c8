//! A question to a language model in no vendor's words, and the check of what it says.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::core::ask::{Answer, ModelAsk, NoAnswer};

/// The most tokens of a reply. Every model in use may write so many.
pub const MOST_REPLY_TOKENS: u32 = 8_192;
/// The most characters of a broken reply that are shown to the model again.
const MOST_SHOWN: usize = 40_000;

/// What a model is asked. Instructions are ours alone; the data goes in a message of its own.
#[derive(Debug)]
pub struct Question<'a> {
    /// What the model is to do.
    pub instructions: &'static str,
    /// What it is to do it with.
    pub data: &'a str,
    /// How it is to reply.
    pub form: Form<'a>,
}

/// How a model is to reply.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// In JSON of this schema.
    Json {
        /// What the schema is called on the wire.
        name: &'static str,
        /// The schema.
        schema: &'a Value,
    },
    /// In plain text.
    Text,
}

/// What a model said.
#[derive(Debug)]
pub enum Said {
    /// JSON, through a tool call.
    Json(Value),
    /// Text, which may be JSON.
    Text(String),
    /// It was cut off at [`MOST_REPLY_TOKENS`].
    Cut,
}

/// A reply that breaks the form, for the one repair attempt.
#[derive(Debug)]
pub struct Broken {
    /// What the model had said.
    pub reply: String,
    /// What is wrong with it, without quoting it.
    pub violation: String,
}

impl Broken {
    /// What the model is told about it.
    #[must_use]
    pub fn complaint(&self) -> String {
        format!(
            "Your reply can't be used: {}. Reply again, in full and in the form that was asked for.",
            self.violation
        )
    }
}

impl<'a> From<&'a ModelAsk> for Question<'a> {
    fn from(ask: &'a ModelAsk) -> Self {
        match ask {
            ModelAsk::Extract { instructions, transcript, schema } => {
                Self { instructions, data: transcript, form: Form::Json { name: "conversation_notes", schema } }
            }
            ModelAsk::Summarise { instructions, transcript } => {
                Self { instructions, data: transcript, form: Form::Text }
            }
            ModelAsk::Enrich { instructions, prompt } => Self { instructions, data: prompt, form: Form::Text },
        }
    }
}

impl Question<'_> {
    /// The answer in what was said.
    ///
    /// # Errors
    /// What is wrong with it; the model may get one chance to mend it.
    pub fn check(&self, said: Said) -> Result<Answer, Broken> {
        let broken = |reply: String, violation: String| {
            let reply = crate::core::text::first_chars(&reply, MOST_SHOWN).trim().to_owned();
            Broken { reply: if reply.is_empty() { "(nothing)".to_owned() } else { reply }, violation }
        };
        match (self.form, said) {
            (_, Said::Cut) => {
                let limit = format!("it was cut off at {MOST_REPLY_TOKENS} tokens, so it must be shorter");
                Err(broken(String::new(), limit))
            }
            (Form::Text, Said::Text(text)) if !text.trim().is_empty() => Ok(Answer::Text(text)),
            (Form::Text, _) => Err(broken(String::new(), "it is empty".to_owned())),
            (Form::Json { schema, .. }, Said::Json(reply)) => match violation(schema, &reply) {
                None => Ok(Answer::Json(reply)),
                Some(violation) => Err(broken(reply.to_string(), violation)),
            },
            (Form::Json { .. }, Said::Text(text)) => match serde_json::from_str(&text) {
                Ok(reply) => self.check(Said::Json(reply)),
                Err(_) => Err(broken(text, "it is not JSON".to_owned())),
            },
        }
    }
}

/// The first place where a reply breaks its schema. It names schema words only: a reply can quote the conversation.
fn violation(schema: &Value, reply: &Value) -> Option<String> {
    let validator: Validator = match jsonschema::validator_for(schema) {
        Ok(validator) => validator,
        Err(_) => return Some("its schema is no JSON schema".to_owned()),
    };
    let error: ValidationError<'_> = validator.validate(reply).err()?;
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "it".to_owned() } else { place };
    Some(match error.kind() {
        ValidationErrorKind::Type { .. } => format!("{place} has the wrong type"),
        ValidationErrorKind::Required { property } => format!("{place} lacks {property}"),
        ValidationErrorKind::Enum { options } => format!("{place} is none of {options}"),
        ValidationErrorKind::AdditionalProperties { .. } => {
            format!("{place} has a field that the schema does not know")
        }
        kind => format!("{place} breaks the schema's rule {:?}", kind.keyword()),
    })
}

impl From<Broken> for NoAnswer {
    fn from(broken: Broken) -> Self {
        Self::InvalidReply(format!("the reply breaks its form: {}", broken.violation))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::core::stages::extraction;

    fn check(reply: &Value) -> Result<Answer, Broken> {
        let schema = extraction::schema();
        let question =
            Question { instructions: "", data: "", form: Form::Json { name: "conversation_notes", schema: &schema } };
        question.check(Said::Text(reply.to_string()))
    }

    fn good() -> Value {
        json!({"facts": [{"fact": "They sail.", "kind": "user"}], "threads": [], "thoughts": [], "summary": "",
               "emotional_tone": "neutral"})
    }

    #[test]
    fn a_reply_in_form_is_the_answer() {
        assert_eq!(check(&good()).unwrap(), Answer::Json(good()));
    }

    #[rstest]
    #[case::type_of(json!({"threads": "hunter2"}), "/threads has the wrong type")]
    #[case::missing(json!({"facts": [{"fact": "hunter2"}]}), "/facts/0 lacks \"kind\"")]
    #[case::unknown_word(json!({"facts": [{"fact": "x", "kind": "hunter2"}]}), "/facts/0/kind is none of [")]
    #[case::unknown_field(json!({"hunter2": 1}), "it has a field that the schema does not know")]
    fn a_violation_is_named_and_the_reply_is_not_quoted(#[case] change: Value, #[case] named: &str) {
        let mut reply = good();
        reply.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let broken = check(&reply).unwrap_err();
        assert!(broken.violation.starts_with(named), "{}", broken.violation);
        assert!(!broken.complaint().contains("hunter2"), "{}", broken.complaint());
        assert!(broken.reply.contains("hunter2"), "the model sees what it said");
    }

    #[test]
    fn text_that_is_no_json_and_nothing_at_all_are_broken() {
        assert_eq!(check(&json!("x")).unwrap_err().violation, "it has the wrong type");
        let question = Question { instructions: "", data: "", form: Form::Text };
        assert!(question.check(Said::Text(" \n".to_owned())).is_err());
        assert!(question.check(Said::Cut).unwrap_err().violation.contains("cut off"));
    }
}
