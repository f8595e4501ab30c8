//! What a run's model calls cost: its tokens by stage, times the price table.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::core::prices::{Prices, dollars};
use crate::core::stages::StageName;
use crate::domain::result::Tokens;
use crate::providers::call::Usage;

/// Tokens and dollars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    stages: BTreeMap<StageName, Line>,
    /// Models without a price; their tokens count as free.
    pub unpriced: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    input: u64,
    output: u64,
    usd: Decimal,
}

impl Bill {
    /// What these replies cost.
    pub fn of(prices: &Prices, usage: &[Usage]) -> Self {
        let mut bill = Self::default();
        for it in usage {
            let usd = prices.cost(&it.model, it.input_tokens, it.output_tokens);
            if usd.is_none() {
                bill.unpriced.insert(it.model.clone());
            }
            let line = Line { input: it.input_tokens, output: it.output_tokens, usd: usd.unwrap_or_default() };
            bill.stages.entry(it.stage).or_default().add(line);
        }
        bill
    }

    /// Adds another one; the models without a price that are new in it.
    pub fn add(&mut self, other: &Self) -> Vec<String> {
        for (stage, line) in &other.stages {
            self.stages.entry(*stage).or_default().add(*line);
        }
        other.unpriced.iter().filter(|model| self.unpriced.insert((*model).clone())).cloned().collect()
    }

    /// The sum, in US dollars.
    pub fn total(&self) -> Decimal {
        self.stages.values().map(|line| line.usd).sum()
    }

    /// The sum as it stands in an entry and in `job_executions.cost_usd`: a conversation may cost a fraction of a cent.
    pub fn exact(&self) -> String {
        dollars(self.total(), 6)
    }

    /// The sum as it stands in the result.
    pub fn rounded(&self) -> String {
        dollars(self.total(), 4)
    }

    /// `stage_tokens` of the result.
    pub fn by_stage(&self) -> BTreeMap<StageName, Tokens> {
        let line = |(stage, line): (&StageName, &Line)| {
            (*stage, Tokens { input: line.input, output: line.output, cost_usd: dollars(line.usd, 6) })
        };
        self.stages.iter().map(line).collect()
    }
}

impl Line {
    fn add(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.usd += other.usd;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_by_stage_and_names_what_has_no_price() {
        let prices = Prices::shipped().expect("in order");
        let usage = |stage, model: &str, input_tokens, output_tokens| Usage {
            stage,
            model: model.into(),
            input_tokens,
            output_tokens,
        };
        let one = Bill::of(
            &prices,
            &[
                usage(StageName::Extraction, "claude-haiku-4-5", 1000, 200),
                usage(StageName::Extraction, "claude-haiku-4-5", 500, 0),
                usage(StageName::MemoryUpdate, "somebody's", 70, 0),
            ],
        );
        assert_eq!((one.exact(), one.rounded()), ("0.002500".to_owned(), "0.0025".to_owned()));
        let mut both = one.clone();
        assert_eq!(both.add(&one), Vec::<String>::new());
        assert_eq!(
            both.by_stage(),
            BTreeMap::from([
                (StageName::Extraction, Tokens { input: 3000, output: 400, cost_usd: "0.005000".to_owned() }),
                (StageName::MemoryUpdate, Tokens { input: 140, output: 0, cost_usd: "0.000000".to_owned() }),
            ])
        );
        assert_eq!(Bill::default().add(&one), ["somebody's"]);
    }
}
