//! A tick of cron with little to do: a run that processes one conversation. Most of it is the start.

use crate::flow;
use crate::lab::Lab;
use crate::table::Results;

/// The goals of the specification (07), in milliseconds of processor time.
const SQLITE: f64 = 50.0;
const POSTGRES: f64 = 45.0;

pub fn measure(lab: &Lab, results: &mut Results) {
    let ticks = lab.size(20, 3);
    flow::prepare(lab, "tick", ticks * lab.runs);
    let (_, sqlite) = flow::prepare_sqlite(lab, "tick", ticks * lab.runs);
    for _ in 0..lab.runs {
        lab.progress(&format!("tick: {ticks} runs of one conversation on each database"));
        results.pair("tick sqlite", milliseconds(lab, &sqlite, ticks), SQLITE);
        results.pair("tick postgres", milliseconds(lab, &lab.url("tick"), ticks), POSTGRES);
    }
    lab.drop("tick");
    lab.remove_sqlite("tick");
}

/// The mean of so many runs, because one alone is measured in hundredths of a second.
fn milliseconds(lab: &Lab, url: &str, ticks: usize) -> f64 {
    let seconds: f64 = (0..ticks).map(|_| flow::drain(lab, url, 1, 10).cpu).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let each = seconds * 1000.0 / ticks as f64;
    each
}
