//! Reads the token counts of a reply, in the form of any provider (spec 05).

use serde_json::Value;

/// A provider's count of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Tokens sent, including cached ones.
    pub input: u64,
    /// Tokens received.
    pub output: u64,
    /// Sent tokens that the provider read from its cache.
    pub cached: u64,
}

/// Reads a reply's count; `None` if there is none, or it can't be read.
#[must_use]
pub fn read(reply: &Value) -> Option<Count> {
    let usage = ["usage", "usageMetadata", "usage_metadata", "meta"]
        .into_iter()
        .map(|name| &reply[name])
        .find(|it| it.is_object());
    let usage = usage.unwrap_or(reply);
    let usage = if usage["tokens"].is_object() { &usage["tokens"] } else { usage };
    let first = |names: &[&str]| names.iter().find_map(|name| number(&usage[*name]));
    let output = first(&[
        "completion_tokens",
        "output_tokens",
        "completionTokens",
        "outputTokens",
        "candidatesTokenCount",
        "eval_count",
    ]);
    let total = first(&["total_tokens", "totalTokens", "totalTokenCount"]);
    let input = first(&[
        "prompt_tokens",
        "input_tokens",
        "promptTokens",
        "inputTokens",
        "promptTokenCount",
        "prompt_eval_count",
    ])
    .or_else(|| Some(total?.saturating_sub(output.unwrap_or_default())))?;
    // Anthropic does not include cached tokens in `input_tokens`.
    let through = |name: &str| number(&usage[name]).unwrap_or_default();
    let (written, read) = (through("cache_creation_input_tokens"), through("cache_read_input_tokens"));
    let included = [&usage["prompt_tokens_details"], &usage["input_tokens_details"]]
        .into_iter()
        .find_map(|it| number(&it["cached_tokens"]));
    let apart = usage.get("input_tokens").is_some() && included.is_none();
    let cached = included.or_else(|| number(&usage["prompt_cache_hit_tokens"])).unwrap_or(read);
    Some(Count {
        input: if apart { input.saturating_add(written).saturating_add(read) } else { input },
        output: output.unwrap_or_default(),
        cached,
    })
}

/// A number of tokens: an integer, a float or a string.
fn number(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, and a count")]
    let of_float = |number: f64| (0.0..1e15).contains(&number).then(|| number.round() as u64);
    match value {
        Value::Number(number) => number.as_u64().or_else(|| of_float(number.as_f64()?)),
        Value::String(text) => of_float(text.trim().parse().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::openai(json!({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}}), Some((9, 2, 4)))]
    #[case::anthropic(json!({"usage": {"input_tokens": 9, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 3, "output_tokens": 2}}), Some((32, 2, 3)))]
    #[case::deepseek(json!({"usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 8}}), Some((9, 2, 8)))]
    #[case::floats(json!({"usage": {"prompt_tokens": 9.0, "completion_tokens": 1.6}}), Some((9, 2, 0)))]
    #[case::texts(json!({"usage": {"prompt_tokens": "9", "completion_tokens": "2"}}), Some((9, 2, 0)))]
    // Ollama's own names: https://github.com/ollama/ollama/blob/main/docs/api.md
    #[case::ollama(json!({"prompt_eval_count": 9, "eval_count": 2}), Some((9, 2, 0)))]
    #[case::camels(json!({"usage": {"inputTokens": 9, "outputTokens": 2}}), Some((9, 2, 0)))]
    #[case::gemini(json!({"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 2}}), Some((9, 2, 0)))]
    // Cohere: meta.tokens.
    #[case::cohere(json!({"meta": {"tokens": {"input_tokens": 9.0, "output_tokens": 2.0}}}), Some((9, 2, 0)))]
    #[case::total_alone(json!({"usage": {"total_tokens": 11}}), Some((11, 0, 0)))]
    #[case::total_and_output(json!({"usage": {"total_tokens": 11, "completion_tokens": 2}}), Some((9, 2, 0)))]
    #[case::null(json!({"usage": null}), None)]
    #[case::nulls(json!({"usage": {"prompt_tokens": null, "completion_tokens": null}}), None)]
    #[case::negative(json!({"usage": {"prompt_tokens": -1}}), None)]
    #[case::nothing(json!({}), None)]
    fn every_providers_count_is_read(#[case] reply: Value, #[case] expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(input, output, cached)| Count { input, output, cached });
        assert_eq!(read(&reply), expected);
    }
}
