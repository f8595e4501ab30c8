//! A question to a language model in no vendor's words, and the check of what it says.

use serde_json::Value;

use crate::core::ask::{Answer, ModelAsk, NoAnswer, Noted};
use crate::core::manner::{Limits, Manner};
use crate::core::reply::{Notes, plain};
use crate::core::transcript::Rendered;
use crate::core::transcript::shorten::{shorten, tokens};

/// A transcript that nobody has anything against.
pub const HARMLESS: &str = "user: Hello, how are you?\nnikita: I am well, thank you. I have been reading all day.";
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
    /// Whether the data is a transcript, of which the oldest messages may be left out.
    pub is_transcript: bool,
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
pub enum Completion {
    /// JSON, through a tool call.
    Json(Value),
    /// Notes that were read already.
    Notes(Notes),
    /// Text, which may be JSON.
    Text(String),
    /// It was cut off.
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
                let form = Form::Json { name: "conversation_notes", schema };
                Self { instructions, data: transcript, form, is_transcript: true }
            }
            ModelAsk::Summarise { instructions, transcript } => {
                Self { instructions, data: transcript, form: Form::Text, is_transcript: true }
            }
            ModelAsk::Enrich { instructions, prompt } => {
                Self { instructions, data: prompt, form: Form::Text, is_transcript: false }
            }
        }
    }
}

impl<'a> Question<'a> {
    /// A harmless question of the same form; none where it is that itself.
    #[must_use]
    pub fn harmless(&self) -> Option<Question<'a>> {
        let Question { instructions, form, .. } = *self;
        (self.data != HARMLESS).then_some(Question { instructions, data: HARMLESS, form, is_transcript: true })
    }

    /// As much of the data as the model takes.
    #[must_use]
    pub fn shown(&self, manner: &Manner, limits: Limits) -> Rendered {
        let schema = match self.form {
            Form::Json { schema, .. } => tokens(&schema.to_string()),
            Form::Text => 0,
        };
        match manner.transcript_limit(limits, tokens(self.instructions) + schema) {
            Some(most) if self.is_transcript => shorten(self.data, most),
            _ => Rendered { text: self.data.to_owned(), left_out: 0 },
        }
    }

    /// The instructions, with the schema where the server is not told of it.
    #[must_use]
    pub fn instructions(&self, with_schema: bool) -> String {
        match self.form {
            Form::Json { schema, .. } if with_schema => format!(
                "{}\n\nReply with one JSON object and nothing else: no fence, no comment. It must satisfy this JSON schema:\n{schema}",
                self.instructions
            ),
            _ => self.instructions.to_owned(),
        }
    }
    /// The answer in what `model` said.
    ///
    /// # Errors
    /// What is wrong with it; the model may get one chance to mend it.
    pub fn check(&self, said: Completion, model: &str) -> Result<Answer, Broken> {
        let broken = |reply: &str, violation: String| {
            let reply = crate::core::text::first_chars(reply, MOST_SHOWN).trim().to_owned();
            Broken { reply: if reply.is_empty() { "(nothing)".to_owned() } else { reply }, violation }
        };
        let notes = |notes| Answer::Notes(Box::new(Noted { notes, model: model.to_owned(), left_out: 0 }));
        match (self.form, said) {
            (_, Completion::Cut) => {
                Err(broken("", "it was cut off at the most tokens of a reply, so it must be shorter".to_owned()))
            }
            (Form::Text, Completion::Text(text)) => match plain::text(&text) {
                text if text.is_empty() => Err(broken("", "it is empty".to_owned())),
                text => Ok(Answer::Text(text)),
            },
            (Form::Text, Completion::Json(_) | Completion::Notes(_)) => Err(broken("", "it is no text".to_owned())),
            (Form::Json { .. }, Completion::Notes(said)) => Ok(notes(said)),
            (Form::Json { .. }, Completion::Json(reply)) => {
                Notes::in_value(&reply).map(notes).map_err(|violation| broken(&reply.to_string(), violation))
            }
            (Form::Json { .. }, Completion::Text(text)) => {
                Notes::in_text(&text).map(notes).map_err(|violation| broken(&text, violation))
            }
        }
    }
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
        let form = Form::Json { name: "conversation_notes", schema: &schema };
        Question { instructions: "", data: "", form, is_transcript: true }
            .check(Completion::Text(reply.to_string()), "m")
    }

    #[rstest]
    #[case::type_of(json!({"threads": "hunter2", "summary": "x"}), "/threads has the wrong type")]
    #[case::missing(json!({"facts": [{"kind": "hunter2"}], "summary": "x"}), "/facts/0 lacks \"fact\"")]
    #[case::another_object(json!({"hunter2": 1}), "it holds no JSON object")]
    fn a_violation_is_named_and_the_reply_is_not_quoted(#[case] reply: Value, #[case] named: &str) {
        let broken = check(&reply).unwrap_err();
        assert!(broken.violation.starts_with(named), "{}", broken.violation);
        assert!(!broken.complaint().contains("hunter2"), "{}", broken.complaint());
        assert!(broken.reply.contains("hunter2"), "the model sees what it said");
    }

    #[test]
    fn nothing_at_all_is_broken() {
        let question = Question { instructions: "", data: "", form: Form::Text, is_transcript: false };
        assert!(question.check(Completion::Text(" \n".to_owned()), "m").is_err());
        assert!(question.check(Completion::Text("<think>hm".to_owned()), "m").is_err());
        assert!(question.check(Completion::Cut, "m").unwrap_err().violation.contains("cut off"));
    }
}
