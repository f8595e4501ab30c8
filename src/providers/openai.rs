//! OpenAI's Chat Completions, or a compatible server's: JSON through a strict response format.

use serde_json::{Value, json};

use super::call::{Call, Usage};
use super::endpoint::Endpoint;
use super::question::{Broken, Form, MOST_REPLY_TOKENS, Question, Said};
use super::remote::Remote;
use crate::core::ask::NoAnswer;

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
        read(&reply["choices"][0])
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

fn read(choice: &Value) -> Result<Said, NoAnswer> {
    let message = &choice["message"];
    if !message.is_object() {
        return Err(NoAnswer::InvalidReply("OpenAI's reply has no message".to_owned()));
    }
    if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty())
        || choice["finish_reason"] == "content_filter"
    {
        return Err(NoAnswer::Refused("the model declines to read this conversation".to_owned()));
    }
    if choice["finish_reason"] == "length" {
        return Ok(Said::Cut);
    }
    Ok(Said::Text(message["content"].as_str().unwrap_or_default().to_owned()))
}
