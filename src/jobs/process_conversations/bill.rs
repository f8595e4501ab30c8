//! The cost of a run's model calls: tokens by stage, times prices.

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
    /// Replies that did not report their usage; each counts as the most expensive one that did.
    pub uncounted: u32,
    dearest: Decimal,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    input: u64,
    output: u64,
    cached: u64,
    usd: Decimal,
}

impl Bill {
    /// What these replies cost.
    pub fn of(prices: &Prices, usage: &[Usage]) -> Self {
        let mut bill = Self::default();
        for it in usage {
            let Some(count) = it.count else {
                bill.uncounted += 1;
                continue;
            };
            let usd = prices.cost(&it.model, count.input, count.output);
            if usd.is_none() {
                bill.unpriced.insert(it.model.clone());
            }
            let usd = usd.unwrap_or_default();
            bill.dearest = bill.dearest.max(usd);
            let line = Line { input: count.input, output: count.output, cached: count.cached, usd };
            bill.stages.entry(it.stage).or_default().add(line);
        }
        bill
    }

    /// Adds another bill. Returns its models without a price that are new here.
    pub fn add(&mut self, other: &Self) -> Vec<String> {
        for (stage, line) in &other.stages {
            self.stages.entry(*stage).or_default().add(*line);
        }
        self.uncounted += other.uncounted;
        self.dearest = self.dearest.max(other.dearest);
        other.unpriced.iter().filter(|model| self.unpriced.insert((*model).clone())).cloned().collect()
    }

    /// The sum, in US dollars.
    pub fn total(&self) -> Decimal {
        let counted: Decimal = self.stages.values().map(|line| line.usd).sum();
        counted + self.dearest * Decimal::from(self.uncounted)
    }

    /// The sum for an entry and for `job_executions.cost_usd`: a conversation can cost a fraction of a cent.
    pub fn exact(&self) -> String {
        dollars(self.total(), 6)
    }

    /// The sum for the result.
    pub fn rounded(&self) -> String {
        dollars(self.total(), 4)
    }

    /// `stage_tokens` of the result.
    pub fn by_stage(&self) -> BTreeMap<StageName, Tokens> {
        let line = |(stage, line): (&StageName, &Line)| {
            let usd = dollars(line.usd, 6);
            (*stage, Tokens { input: line.input, cached: line.cached, output: line.output, cost_usd: usd })
        };
        self.stages.iter().map(line).collect()
    }
}

impl Line {
    fn add(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cached = self.cached.saturating_add(other.cached);
        self.usd += other.usd;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::usage::Count;

    #[test]
    fn adds_up_by_stage_and_names_models_without_a_price() {
        let prices = Prices::shipped().expect("in order");
        let usage = |stage, model: &str, input, output| Usage {
            stage,
            model: model.into(),
            count: Some(Count { input, output, cached: 0 }),
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
                (
                    StageName::Extraction,
                    Tokens { input: 3000, cached: 0, output: 400, cost_usd: "0.005000".to_owned() }
                ),
                (StageName::MemoryUpdate, Tokens { input: 140, cached: 0, output: 0, cost_usd: "0.000000".to_owned() }),
            ])
        );
        assert_eq!(Bill::default().add(&one), ["somebody's"]);
    }

    #[test]
    fn a_reply_without_usage_costs_as_much_as_the_most_expensive_one_with() {
        let prices = Prices::shipped().expect("in order");
        let usage = |input: Option<u64>| Usage {
            stage: StageName::Extraction,
            model: "claude-haiku-4-5".into(),
            count: input.map(|input| Count { input, output: 0, cached: 0 }),
        };
        let mut bill = Bill::of(&prices, &[usage(None), usage(Some(1_000_000))]);
        assert_eq!((bill.uncounted, bill.total()), (1, Decimal::from(2)));
        // A more expensive reply raises the cost of earlier uncounted ones as well.
        bill.add(&Bill::of(&prices, &[usage(Some(3_000_000)), usage(None)]));
        assert_eq!((bill.uncounted, bill.total()), (2, Decimal::from(1 + 3 + 2 * 3)));
    }
}
