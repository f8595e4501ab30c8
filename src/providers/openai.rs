//! OpenAI's Chat Completions, or a compatible server's: JSON through a strict response format, or as the server supports it.

use serde_json::{Value, json};

use super::asker::Asker;
use super::call::{Call, Usage};
use super::chat::{How, Wire, put};
use super::question::{Broken, Completion, Form, Question};
use super::remote::Remote;
use crate::core::ask::NoAnswer;
use crate::core::manner::Structure;
use crate::core::reply::Notes;

/// A chat model.
#[derive(Debug)]
pub struct OpenAi {
    asker: Asker,
    model: String,
}

impl OpenAi {
    /// A model of a server.
    #[must_use]
    pub const fn new(asker: Asker, model: String) -> Self {
        Self { asker, model }
    }

    /// The server, with its circuit breaker.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        self.asker.remote()
    }

    /// Asks once; `broken` is an earlier invalid reply for the model to repair. Returns also how many of the oldest messages were left
    /// out.
    ///
    /// # Errors
    /// [`NoAnswer`] by spec 05's table, and [`NoAnswer::Declined`] if the model declines.
    pub async fn complete(
        &self,
        call: Call<'_>,
        question: &Question<'_>,
        broken: Option<&Broken>,
    ) -> Result<(Completion, usize), NoAnswer> {
        let (reply, left_out) = put(self, &self.asker, call, question, broken).await?;
        Ok((read(&reply["choices"][0], question.form)?, left_out))
    }
}

impl Wire for OpenAi {
    const PATH: &'static str = "/chat/completions";

    fn request(&self, question: &Question<'_>, data: &str, broken: Option<&Broken>, how: How<'_>) -> Value {
        let manner = how.manner;
        let instructions = question.instructions(manner.structure != Structure::Enforced);
        let mut messages = if manner.one_message {
            vec![json!({"role": "user", "content": format!("{instructions}\n\n{data}")})]
        } else {
            vec![json!({"role": "system", "content": instructions}), json!({"role": "user", "content": data})]
        };
        if let Some(broken) = broken {
            messages.push(json!({"role": "assistant", "content": broken.reply}));
            messages.push(json!({"role": "user", "content": broken.complaint()}));
        }
        let mut request = json!({"model": self.model, "messages": messages});
        if !manner.unlimited {
            let limit = if manner.max_tokens { "max_tokens" } else { "max_completion_tokens" };
            request[limit] = json!(how.reply_limit());
        }
        if let Form::Json { name, schema } = question.form {
            match manner.structure {
                Structure::Enforced => {
                    let format = json!({"name": name, "strict": true, "schema": schema});
                    request["response_format"] = json!({"type": "json_schema", "json_schema": format});
                }
                Structure::Json => request["response_format"] = json!({"type": "json_object"}),
                Structure::Prompted => {}
            }
        }
        request
    }

    fn usage(&self, call: Call<'_>, reply: &Value) -> Usage {
        Usage::read(call, &self.model, reply)
    }
}

fn read(choice: &Value, form: Form<'_>) -> Result<Completion, NoAnswer> {
    let message = &choice["message"];
    if !message.is_object() {
        return Err(NoAnswer::InvalidReply("OpenAI's reply has no message".to_owned()));
    }
    let finish = choice["finish_reason"].as_str().unwrap_or_default().to_ascii_lowercase();
    if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) || finish == "content_filter" {
        return Err(NoAnswer::Declined("the model declines to read this conversation".to_owned()));
    }
    if ["length", "max_tokens", "model_length", "max_output_tokens"].contains(&finish.as_str()) {
        return Ok(Completion::Cut);
    }
    let text = written(&message["content"]);
    if matches!(form, Form::Text) {
        return Ok(Completion::Text(text));
    }
    // A model can make a tool call even without a tool.
    let call = [&message["tool_calls"][0]["function"], &message["function_call"]];
    if let Some(arguments) = call.into_iter().map(|call| &call["arguments"]).find(|arguments| !arguments.is_null()) {
        return Ok(Completion::Json(arguments.clone()));
    }
    let thinking = || ["reasoning_content", "reasoning"].into_iter().filter_map(|field| message[field].as_str());
    let answer = || thinking().find_map(Notes::alone_in);
    match text.trim().is_empty().then(answer).flatten() {
        Some(notes) => Ok(Completion::Notes(notes)),
        None => Ok(Completion::Text(text)),
    }
}

/// The text of a message's content: a string, or a list of parts without thinking. An object without a type is the answer itself.
pub(super) fn written(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(written).collect(),
        Value::Object(part) => match part.get("type").and_then(Value::as_str) {
            None if part.get("text").is_none() => content.to_string(),
            None | Some("text" | "output_text") => part.get("text").map(written).unwrap_or_default(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
