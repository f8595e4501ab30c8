//! A question to a language model, independent of the vendor, and the check of its reply.

use serde_json::Value;

use crate::core::ask::{Answer, ModelAsk, NoAnswer, Noted};
use crate::core::manner::{Limits, Manner};
use crate::core::reply::{Notes, plain};
use crate::core::transcript::Rendered;
use crate::core::transcript::shorten::{first_tokens, shorten, tokens};

/// A transcript that no provider refuses.
pub const HARMLESS: &str = "user: Hello, how are you?\nnikita: I am well, thank you. I have been reading all day.";
/// The most characters of an invalid reply that are sent back to the model.
const MOST_SHOWN: usize = 40_000;

/// A question. The instructions contain only our text; the data has a message of its own.
#[derive(Debug)]
pub struct Question<'a> {
    /// The model's task.
    pub instructions: &'static str,
    /// The data for it.
    pub data: &'a str,
    /// The form of the reply.
    pub form: Form<'a>,
    /// Whether the data is a transcript, whose oldest messages can be left out.
    pub is_transcript: bool,
}

/// The form of a reply.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// JSON with this schema.
    Json {
        /// The schema's name in requests.
        name: &'static str,
        /// The schema.
        schema: &'a Value,
    },
    /// Plain text.
    Text,
}

/// A model's reply.
#[derive(Debug)]
pub enum Completion {
    /// JSON, through a tool call.
    Json(Value),
    /// Parsed notes.
    Notes(Notes),
    /// Text, which can be JSON.
    Text(String),
    /// It was cut off.
    Cut,
}

/// An invalid reply, for the one repair attempt.
#[derive(Debug)]
pub struct Broken {
    /// The model's reply.
    pub reply: String,
    /// What is wrong with it, without quoting it.
    pub violation: String,
}

impl Broken {
    /// The message to the model about it.
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
    /// A harmless question of the same form; `None` if this is the harmless one.
    #[must_use]
    pub fn harmless(&self) -> Option<Question<'a>> {
        let Question { instructions, form, .. } = *self;
        (self.data != HARMLESS).then_some(Question { instructions, data: HARMLESS, form, is_transcript: true })
    }

    /// As much of the data and of an invalid reply as fits into the model's context.
    #[must_use]
    pub fn fitted(&self, broken: Option<&Broken>, manner: &Manner, limits: Limits) -> (Rendered, Option<Broken>) {
        let schema = match self.form {
            Form::Json { schema, .. } => tokens(&schema.to_string()),
            Form::Text => 0,
        };
        let instructions = tokens(self.instructions) + schema;
        let broken = broken.map(|broken| {
            let reply = first_tokens(&broken.reply, manner.quote_limit(limits, instructions)).to_owned();
            Broken { reply, violation: broken.violation.clone() }
        });
        let repair = broken.as_ref().map_or(0, |broken| tokens(&broken.reply) + tokens(&broken.complaint()));
        let shown = match manner.transcript_limit(limits, instructions, repair) {
            Some(most) if self.is_transcript => shorten(self.data, most),
            _ => Rendered { text: self.data.to_owned(), left_out: 0 },
        };
        (shown, broken)
    }

    /// The instructions, with the schema if the request has no other place for it.
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

    /// The answer in the reply of `model`.
    ///
    /// # Errors
    /// What is wrong with it, for one repair attempt.
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
        Self::InvalidReply(format!("the reply does not have the requested form: {}", broken.violation))
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
    fn a_request_for_a_repair_fits_into_the_context() {
        let schema = extraction::schema();
        let form = Form::Json { name: "conversation_notes", schema: &schema };
        let data = "user: so it goes\n".repeat(1_000);
        let question = Question { instructions: extraction::INSTRUCTIONS, data: &data, form, is_transcript: true };
        let broken = Broken { reply: "I can't. ".repeat(4_000), violation: "it holds no JSON object".to_owned() };
        let limits = Limits { context: Some(8_192), reply: None };
        let manner = Manner::default();
        let (shown, quoted) = question.fitted(Some(&broken), &manner, limits);
        let quoted = quoted.unwrap();
        let parts =
            [shown.text.as_str(), &quoted.reply, &quoted.complaint(), question.instructions, &schema.to_string()];
        let sum: u32 = parts.into_iter().map(tokens).sum();
        assert!(sum + manner.reply_limit(limits) <= 8_192, "{sum}");
        assert!(tokens(&shown.text) > 1_000 && tokens(&quoted.reply) > 1_000 && shown.left_out > 0);
        let (whole, quoted) = question.fitted(Some(&broken), &manner, Limits::default());
        assert_eq!((whole.left_out, tokens(&quoted.unwrap().reply)), (0, manner.reply_limit(Limits::default())));
        assert!(question.fitted(None, &manner, limits).1.is_none());
    }

    #[test]
    fn an_empty_reply_is_invalid() {
        let question = Question { instructions: "", data: "", form: Form::Text, is_transcript: false };
        assert!(question.check(Completion::Text(" \n".to_owned()), "m").is_err());
        assert!(question.check(Completion::Text("<think>hm".to_owned()), "m").is_err());
        assert!(question.check(Completion::Cut, "m").unwrap_err().violation.contains("cut off"));
    }
}
