//! Anthropic's Messages API: JSON through a tool call that the model is made to make.
//!
//! The newest models refuse to be made to, and refuse to leave off thinking. The first 400 that says so is heeded for the
//! rest of the process: from then on the tool is offered instead.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::call::{Call, Usage};
use super::endpoint::Endpoint;
use super::openai;
use super::question::{Broken, Form, MOST_REPLY_TOKENS, Question, Said};
use super::remote::Remote;
use crate::core::ask::NoAnswer;

/// A model of Anthropic's.
#[derive(Debug)]
pub struct Anthropic {
    endpoint: Endpoint,
    model: String,
    offers: AtomicBool,
}

impl Anthropic {
    /// A model behind an endpoint.
    #[must_use]
    pub const fn new(endpoint: Endpoint, model: String) -> Self {
        Self { endpoint, model, offers: AtomicBool::new(false) }
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
        let offers = self.offers.load(Ordering::Relaxed);
        let request = self.request(question, broken, offers);
        let reply = match self.endpoint.post("/v1/messages", &request, question.data, call.deadline).await {
            Err(NoAnswer::Refused(why)) if !offers && wants_its_will(&why) => {
                tracing::info!("the model takes no forced tool call, offering the tool instead");
                self.offers.store(true, Ordering::Relaxed);
                let request = self.request(question, broken, true);
                self.endpoint.post("/v1/messages", &request, question.data, call.deadline).await?
            }
            reply => reply?,
        };
        call.meter.add(self.usage(call, &reply["usage"]));
        read(&reply, question.form)
    }

    fn request(&self, question: &Question<'_>, broken: Option<&Broken>, offers: bool) -> Value {
        let mut messages = vec![json!({"role": "user", "content": question.data})];
        if let Some(broken) = broken {
            messages.push(json!({"role": "assistant", "content": broken.reply}));
            messages.push(json!({"role": "user", "content": broken.complaint()}));
        }
        let mut request = json!({
            "model": self.model,
            "max_tokens": MOST_REPLY_TOKENS,
            // The same for every conversation, so that the provider may cache it.
            "system": [{"type": "text", "text": question.instructions, "cache_control": {"type": "ephemeral"}}],
            "messages": messages,
        });
        if let Form::Json { name, schema } = question.form {
            request["tools"] = json!([{"name": name, "description": "Takes down the reply.", "input_schema": schema}]);
            request["tool_choice"] = if offers {
                json!({"type": "auto", "disable_parallel_tool_use": true})
            } else {
                json!({"type": "tool", "name": name, "disable_parallel_tool_use": true})
            };
        }
        if !offers {
            // Models that think unasked take no forced tool call while they do.
            request["thinking"] = json!({"type": "disabled"});
        }
        request
    }

    /// What the reply used. What went through the cache is counted as sent.
    fn usage(&self, call: Call<'_>, usage: &Value) -> Usage {
        let count = |field: &str| usage[field].as_u64().unwrap_or_default();
        Usage {
            stage: call.stage,
            model: self.model.clone(),
            input_tokens: count("input_tokens")
                .saturating_add(count("cache_creation_input_tokens"))
                .saturating_add(count("cache_read_input_tokens")),
            output_tokens: count("output_tokens"),
        }
    }
}

/// Whether a refusal is about the forced tool call or about leaving off thinking.
fn wants_its_will(why: &str) -> bool {
    why.contains("tool_choice") || why.contains("thinking")
}

fn read(reply: &Value, form: Form<'_>) -> Result<Said, NoAnswer> {
    let content = &reply["content"];
    if !content.is_array() && !content.is_string() {
        return Err(NoAnswer::InvalidReply("Anthropic's reply has no content".to_owned()));
    }
    match reply["stop_reason"].as_str() {
        Some("refusal") => return Err(NoAnswer::Refused("the model declines to read this conversation".to_owned())),
        Some("max_tokens" | "model_context_window_exceeded") => return Ok(Said::Cut),
        _ => {}
    }
    let calls = content.as_array().into_iter().flatten().filter(|block| block["type"] == "tool_use");
    if let Form::Json { name, .. } = form
        && let Some(call) = calls.max_by_key(|block| block["name"] == name)
    {
        return Ok(Said::Json(call["input"].clone()));
    }
    Ok(Said::Text(openai::written(content)))
}
