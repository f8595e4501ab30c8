//! Settings about money: what models cost, and how much a run may.

use std::fs;
use std::str::FromStr;

use clap::ArgMatches;
use rust_decimal::Decimal;

use super::raw::{self, Problem};
use crate::core::prices::Prices;
use crate::run::error::RunError;

/// The shipped prices, with those of a file before them.
pub fn prices(matches: &ArgMatches) -> Result<Prices, Problem> {
    let shipped = || Prices::shipped().map_err(|why| format!("the shipped price table {why}"));
    let with_file = |path: &str| {
        let text = fs::read_to_string(path).map_err(|error| format!("can't be read: {error}"))?;
        shipped()?.with_file(&text)
    };
    match raw::value(matches, "prices-file", with_file)? {
        Some(prices) => Ok(prices),
        None => shipped().map_err(|why| Problem::Run(RunError::Bug(why))),
    }
}

/// The most that a run may cost, in US dollars.
pub fn budget(matches: &ArgMatches) -> Result<Option<Decimal>, Problem> {
    raw::value(matches, "budget-usd", |text| {
        let amount = Decimal::from_str(text.trim()).map_err(|_| "is not an amount such as 0.50".to_owned())?;
        if amount > Decimal::ZERO { Ok(amount) } else { Err("must be more than zero".to_owned()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::models::{ANTHROPIC_MODEL, OPENAI_EMBEDDINGS, OPENAI_MODEL};

    #[test]
    fn the_models_that_are_used_unasked_have_a_price() {
        let prices = Prices::shipped().expect("in order");
        for model in [ANTHROPIC_MODEL, OPENAI_MODEL, OPENAI_EMBEDDINGS] {
            assert!(prices.cost(model, 1, 1).is_some(), "{model}");
        }
    }
}
