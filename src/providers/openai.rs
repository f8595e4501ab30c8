//! OpenAI's Chat Completions, or a compatible server's: JSON through a strict response format.

use serde_json::{Value, json};

use super::call::{Call, Usage};
use super::endpoint::Endpoint;
use super::question::{Broken, Form, MOST_REPLY_TOKENS, Question, Said};
use super::remote::Remote;
use crate::core::ask::NoAnswer;
use crate::core::reply::Notes;

/// A chat model.
#[derive(Debug)]
pub struct OpenAi {
    endpoint: Endpoint,
    model: String,
}

impl OpenAi {
    /// A model behind an endpoint.
    #[must_use]
    pub const fn new(endpoint: Endpoint, model: String) -> Self {
        Self { endpoint, model }
    }

    /// Who it is, and the gate before it.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        self.endpoint.remote()
    }

    /// Asks once; `broken` is the reply to an earlier asking that is to be mended.
    ///
    /// # Errors
    /// [`NoAnswer`] by spec 05's table, and [`NoAnswer::Refused`] where the model declines.
    pub async fn say(
        &self,
        call: Call<'_>,
        question: &Question<'_>,
        broken: Option<&Broken>,
    ) -> Result<Said, NoAnswer> {
        let request = self.request(question, broken);
        let reply = self.endpoint.post("/chat/completions", &request, question.data, call.deadline).await?;
        call.meter.add(usage(call, &self.model, &reply["usage"]));
        read(&reply["choices"][0], question.form)
    }

    fn request(&self, question: &Question<'_>, broken: Option<&Broken>) -> Value {
        let mut messages = vec![
            json!({"role": "system", "content": question.instructions}),
            json!({"role": "user", "content": question.data}),
        ];
        if let Some(broken) = broken {
            messages.push(json!({"role": "assistant", "content": broken.reply}));
            messages.push(json!({"role": "user", "content": broken.complaint()}));
        }
        let mut request =
            json!({"model": self.model, "messages": messages, "max_completion_tokens": MOST_REPLY_TOKENS});
        if let Form::Json { name, schema } = question.form {
            let format = json!({"name": name, "strict": true, "schema": schema});
            request["response_format"] = json!({"type": "json_schema", "json_schema": format});
        }
        request
    }
}

/// What a reply used, by its `usage`. Embeddings count no completion.
pub(super) fn usage(call: Call<'_>, model: &str, usage: &Value) -> Usage {
    let count = |field: &str| usage[field].as_u64().unwrap_or_default();
    Usage {
        stage: call.stage,
        model: model.to_owned(),
        input_tokens: count("prompt_tokens"),
        output_tokens: count("completion_tokens"),
    }
}

fn read(choice: &Value, form: Form<'_>) -> Result<Said, NoAnswer> {
    let message = &choice["message"];
    if !message.is_object() {
        return Err(NoAnswer::InvalidReply("OpenAI's reply has no message".to_owned()));
    }
    let finish = choice["finish_reason"].as_str().unwrap_or_default().to_ascii_lowercase();
    if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) || finish == "content_filter" {
        return Err(NoAnswer::Refused("the model declines to read this conversation".to_owned()));
    }
    if ["length", "max_tokens", "model_length", "max_output_tokens"].contains(&finish.as_str()) {
        return Ok(Said::Cut);
    }
    let text = written(&message["content"]);
    if matches!(form, Form::Text) {
        return Ok(Said::Text(text));
    }
    // Asked for no call, a model may make one all the same.
    let call = [&message["tool_calls"][0]["function"], &message["function_call"]];
    if let Some(arguments) = call.into_iter().map(|call| &call["arguments"]).find(|arguments| !arguments.is_null()) {
        return Ok(Said::Json(arguments.clone()));
    }
    let thinking = || ["reasoning_content", "reasoning"].into_iter().filter_map(|field| message[field].as_str());
    let answer = || thinking().find_map(Notes::alone_in);
    match text.trim().is_empty().then(answer).flatten() {
        Some(notes) => Ok(Said::Notes(notes)),
        None => Ok(Said::Text(text)),
    }
}

/// The text of a message's content: as it is, or as a list of parts; what a part thinks is none.
pub(super) fn written(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(written).collect(),
        Value::Object(part) => match part.get("type").and_then(Value::as_str) {
            None | Some("text" | "output_text") => part.get("text").map(written).unwrap_or_default(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
