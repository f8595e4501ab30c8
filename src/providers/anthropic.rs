//! Anthropic's Messages API: JSON through a forced tool call, or an optional one for models that can't be forced.

use serde_json::{Value, json};

use super::asker::Asker;
use super::call::{Call, Usage};
use super::chat::{How, Wire, put};
use super::openai;
use super::question::{Broken, Completion, Form, Question};
use super::remote::Remote;
use crate::core::ask::NoAnswer;
use crate::core::manner::Structure;
use crate::core::transcript::shorten::tokens;

/// A model of Anthropic's.
#[derive(Debug)]
pub struct Anthropic {
    asker: Asker,
    model: String,
}

impl Anthropic {
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
        Ok((read(&reply, question.form)?, left_out))
    }
}

/// Whether a model would cache the instructions and the schema. Each has a least length for caching.
fn caches(model: &str, instructions: &str, form: Form<'_>) -> bool {
    let schema = match form {
        Form::Json { schema, .. } => tokens(&schema.to_string()),
        Form::Text => 0,
    };
    let least = match model {
        model if model.contains("haiku-3") || model.contains("3-haiku") || model.contains("3-5-haiku") => 2_048,
        model if model.contains("haiku") || model.contains("opus") => 4_096,
        _ => 1_024,
    };
    tokens(instructions) + schema >= least
}

impl Wire for Anthropic {
    const PATH: &'static str = "/v1/messages";

    fn request(&self, question: &Question<'_>, data: &str, broken: Option<&Broken>, how: How<'_>) -> Value {
        let manner = how.manner;
        let instructions = question.instructions(manner.structure != Structure::Enforced);
        let mut messages = vec![json!({"role": "user", "content": data})];
        if let Some(broken) = broken {
            messages.push(json!({"role": "assistant", "content": broken.reply}));
            messages.push(json!({"role": "user", "content": broken.complaint()}));
        }
        let mut system = json!({"type": "text", "text": instructions});
        if !manner.uncached && caches(&self.model, &instructions, question.form) {
            // The same for every conversation.
            system["cache_control"] = json!({"type": "ephemeral"});
        }
        let mut request = json!({
            "model": self.model,
            "max_tokens": how.reply_limit(),
            "system": [system],
            "messages": messages,
        });
        if let Form::Json { name, schema } = question.form
            && manner.structure == Structure::Enforced
        {
            request["tools"] = json!([{"name": name, "description": "Takes down the reply.", "input_schema": schema}]);
            request["tool_choice"] = if manner.offers {
                json!({"type": "auto", "disable_parallel_tool_use": true})
            } else {
                json!({"type": "tool", "name": name, "disable_parallel_tool_use": true})
            };
        }
        if !manner.offers {
            // A model that thinks by default accepts no forced tool call unless thinking is disabled.
            request["thinking"] = json!({"type": "disabled"});
        }
        request
    }

    fn usage(&self, call: Call<'_>, reply: &Value) -> Usage {
        Usage::read(call, &self.model, reply)
    }
}

fn read(reply: &Value, form: Form<'_>) -> Result<Completion, NoAnswer> {
    let content = &reply["content"];
    if !content.is_array() && !content.is_string() {
        return Err(NoAnswer::InvalidReply("Anthropic's reply has no content".to_owned()));
    }
    match reply["stop_reason"].as_str() {
        Some("refusal") => return Err(NoAnswer::Declined("the model declines to read this conversation".to_owned())),
        Some("max_tokens" | "model_context_window_exceeded") => return Ok(Completion::Cut),
        _ => {}
    }
    let calls = content.as_array().into_iter().flatten().filter(|block| block["type"] == "tool_use");
    if let Form::Json { name, .. } = form
        && let Some(call) = calls.max_by_key(|block| block["name"] == name)
    {
        return Ok(Completion::Json(call["input"].clone()));
    }
    Ok(Completion::Text(openai::written(content)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>, "Cache limitations": the least length of each model.
    #[rstest]
    #[case("claude-3-5-haiku-20241022", 2_048)]
    #[case("claude-haiku-4-5", 4_096)]
    #[case("claude-opus-4-8", 4_096)]
    #[case("claude-sonnet-5-5", 1_024)]
    fn cache_control_is_sent_only_if_it_has_an_effect(#[case] model: &str, #[case] least: u32) {
        let text = |tokens: u32| "word ".repeat(tokens as usize);
        assert!(!caches(model, &text(least / 4), Form::Text));
        assert!(caches(model, &text(least * 2), Form::Text));
        // A tool's schema is cached with the instructions.
        let schema = json!({"description": text(least * 2)});
        assert!(caches(model, "short", Form::Json { name: "n", schema: &schema }));
        // Ours are shorter than every model's least.
        let schema = crate::core::stages::extraction::schema();
        let form = Form::Json { name: "n", schema: &schema };
        assert!(!caches(model, crate::core::stages::extraction::INSTRUCTIONS, form));
    }
}
