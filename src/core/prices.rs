//! The cost of a reply: token counts times a price table (spec 04), in exact decimals.

use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

/// The shipped table; its first entry gives its date.
const SHIPPED: &str = include_str!("prices/prices.json");
/// Prices are per million tokens.
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
/// An entry about the table itself.
const COMMENT: &str = "_";

/// Prices by model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The rows of a file, then those of the shipped table.
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    model: String,
    usual: Price,
    /// For requests with more input tokens than this.
    long: Option<(u64, Price)>,
}

/// US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Price {
    input: Decimal,
    output: Decimal,
}

impl Prices {
    /// The shipped table.
    ///
    /// # Errors
    /// If it is invalid; a test makes sure that it is not.
    pub fn shipped() -> Result<Self, String> {
        Ok(Self { rows: rows(SHIPPED)? })
    }

    /// The same table with a file's entries, which take precedence.
    ///
    /// # Errors
    /// What is wrong with the file, without a subject: the caller names the file.
    pub fn with_file(self, text: &str) -> Result<Self, String> {
        let mut rows = rows(text)?;
        rows.extend(self.rows);
        Ok(Self { rows })
    }

    /// The cost of one request to this model in US dollars; `None` if the model has no price.
    #[must_use]
    pub fn cost(&self, model: &str, input_tokens: u64, output_tokens: u64) -> Option<Decimal> {
        let row = self.rows.iter().find(|row| row.is_for(model))?;
        let long = row.long.filter(|(over, _)| input_tokens > *over).map(|(_, price)| price);
        let Price { input, output } = long.unwrap_or(row.usual);
        Some((input * Decimal::from(input_tokens) + output * Decimal::from(output_tokens)) / MILLION)
    }
}

impl Row {
    /// `claude-haiku-4-5` matches itself and its dated versions, `llama*` all names with this prefix. `gpt-5` does not match
    /// `gpt-5-mini`, which has another price.
    fn is_for(&self, model: &str) -> bool {
        if let Some(beginning) = self.model.strip_suffix('*') {
            return model.starts_with(beginning);
        }
        let Some(rest) = model.strip_prefix(self.model.as_str()) else { return false };
        let date = rest.strip_prefix(['-', '@']).is_some_and(|date| {
            let digits = date.bytes().filter(u8::is_ascii_digit).count();
            digits == 8 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        });
        rest.is_empty() || rest == "-latest" || date
    }
}

/// Reads `{"MODEL": {"input": "3.00", "output": "15.00"}}`, in US dollars per million tokens; without `output`, output is free.
/// `"long": {"over": 200000, "input": …, "output": …}` applies to requests with more input tokens.
fn rows(text: &str) -> Result<Vec<Row>, String> {
    let table: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    let table = table.as_object().ok_or("is not an object of models")?;
    table.iter().filter(|(model, _)| *model != COMMENT).map(|(model, prices)| row(model, prices)).collect()
}

fn row(model: &str, prices: &Value) -> Result<Row, String> {
    let usual = price(model, prices, &["long"])?;
    let Some(long) = prices.get("long") else { return Ok(Row { model: model.to_owned(), usual, long: None }) };
    let over = long.get("over").and_then(Value::as_u64);
    let over = over.ok_or_else(|| format!("has no \"over\" in the \"long\" of {model:?}, a number of tokens"))?;
    Ok(Row { model: model.to_owned(), usual, long: Some((over, price(model, long, &["over"])?)) })
}

fn price(model: &str, prices: &Value, also: &[&str]) -> Result<Price, String> {
    let example = r#"{"input": 3, "output": 15}"#;
    let prices = prices.as_object().ok_or_else(|| format!("has no prices for {model:?}, such as {example}"))?;
    let known = |key: &str| ["input", "output"].contains(&key) || also.contains(&key);
    if let Some(other) = prices.keys().find(|key| !known(key)) {
        return Err(format!("has {other:?} for {model:?}, where \"input\" and \"output\" are expected"));
    }
    let read = |value: &Value| {
        amount(value)
            .ok_or_else(|| format!("has {value} as a price of {model:?}, which is not a number from 0 to 1,000,000"))
    };
    let input = prices.get("input").ok_or_else(|| format!("has no \"input\" price for {model:?}"))?;
    Ok(Price { input: read(input)?, output: prices.get("output").map_or(Ok(Decimal::ZERO), read)? })
}

/// A number or a text of one.
fn amount(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Decimal::from_str(&text).ok().filter(|price| *price >= Decimal::ZERO && *price <= MILLION)
}

/// US dollars as text with this many decimals, half rounded away from zero.
#[must_use]
pub fn dollars(amount: Decimal, decimals: u32) -> String {
    let rounded = amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.*}", usize::try_from(decimals).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Prices {
        Prices::shipped().expect("the shipped table is in order")
    }

    fn cost(prices: &Prices, model: &str) -> Option<String> {
        prices.cost(model, 1_000_000, 1_000_000).map(|cost| dollars(cost, 4))
    }

    #[test]
    fn a_name_matches_its_dated_versions_and_nothing_else() {
        let prices = shipped();
        for (model, expected) in [
            ("claude-haiku-4-5", Some("6.0000")),
            ("claude-haiku-4-5-20251001", Some("6.0000")),
            ("claude-haiku-4-5@20251001", Some("6.0000")),
            ("gpt-5-2025-08-07", Some("11.2500")),
            ("gpt-5-mini", Some("2.2500")),
            ("gpt-5-mega", None),
            ("claude-opus-5-9", None),
            ("claude-3-5-haiku-latest", Some("4.8000")),
            ("text-embedding-3-small", Some("0.0200")),
            ("llama3.1", None),
            ("", None),
        ] {
            assert_eq!(cost(&prices, model).as_deref(), expected, "{model}");
        }
    }

    #[test]
    fn a_files_prices_come_first() {
        let prices =
            shipped().with_file(r#"{"gpt-5": {"input": 0.1, "output": "0.2"}, "llama*": {"input": 0}}"#).unwrap();
        assert_eq!(cost(&prices, "gpt-5").as_deref(), Some("0.3000"));
        assert_eq!(cost(&prices, "llama3.1:8b").as_deref(), Some("0.0000"));
        assert_eq!(cost(&prices, "gpt-5-nano").as_deref(), Some("0.4500"));
    }

    #[test]
    fn an_error_names_the_wrong_entry() {
        for (text, said) in [
            ("", "is not JSON"),
            ("[]", "is not an object of models"),
            (r#"{"m": 3}"#, "has no prices for \"m\""),
            (r#"{"m": {"output": 3}}"#, "has no \"input\" price for \"m\""),
            (r#"{"m": {"input": -1}}"#, "has -1 as a price of \"m\""),
            (r#"{"m": {"input": "three"}}"#, "which is not a number"),
            (r#"{"m": {"input": 1, "cached": 1}}"#, "has \"cached\" for \"m\""),
            (r#"{"m": {"input": 1, "long": {"input": 1}}}"#, "has no \"over\" in the \"long\" of \"m\""),
            (r#"{"m": {"input": 1, "long": {"over": 5}}}"#, "has no \"input\" price for \"m\""),
        ] {
            let error = shipped().with_file(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_long_request_can_cost_more_per_token() {
        let prices = shipped();
        let cost = |input| prices.cost("claude-haiku-5-5", input, 1000).map(|cost| dollars(cost, 6)).unwrap();
        assert_eq!((cost(100_000), cost(100_001)), ("0.010500".to_owned(), "0.052501".to_owned()));
    }

    #[test]
    fn a_single_token_is_not_lost() {
        let prices = shipped();
        let one = prices.cost("claude-haiku-4-5", 1, 0).unwrap();
        assert_eq!((dollars(one, 6), dollars(one, 4)), ("0.000001".to_owned(), "0.0000".to_owned()));
        let many: Decimal = (0..142).map(|_| prices.cost("claude-haiku-4-5", 50, 10).unwrap()).sum();
        assert_eq!(dollars(many, 4), "0.0142");
    }
}
