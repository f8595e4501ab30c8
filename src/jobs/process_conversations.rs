//! `process-conversations`: claims finished conversations and runs each through the pipeline (spec 02 and 04).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

mod backfill;
mod bill;
pub mod by_id;
mod claiming;
mod entry;
mod in_flight;
mod one;
mod progress_writer;
mod tally;

use crate::core::prices::Prices;
use crate::domain::result::ProcessPlan;
use crate::jobs::reasons;
use crate::providers::call::Meter;
use crate::run::circuits::Circuits;
use crate::run::context::PipelineContext;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::run::totals::if_known;
use crate::store::Store;
use crate::store::claims::Due;
use bill::Bill;
use claiming::Claiming;
use in_flight::InFlight;
use progress_writer::ProgressWriter;
pub(super) use tally::timing;

/// The settings of a run.
#[derive(Clone)]
pub struct Settings {
    /// The most conversations per run.
    pub batch: usize,
    /// The most conversations at once.
    pub concurrency: usize,
    /// How long after its last message a conversation is over.
    pub session_timeout: Duration,
    /// The share of players whose conversations are processed, 0 to 100 percent.
    pub rollout: u8,
    /// The models' prices.
    pub prices: Arc<Prices>,
    /// The cost, in US dollars, at which the run stops claiming.
    pub budget: Option<Decimal>,
    /// The most stored facts to embed at the end of the run.
    pub backfill: usize,
}

/// Claims and processes conversations until the batch is full or nothing is due.
pub async fn work(settings: &Settings, pipeline: &PipelineContext, run: &Run) -> Result<Report, RunError> {
    let due = due(settings, run.now);
    let detected = if_known(run.store.count_due(&due).await, "how many conversations are due")?;
    run.progress.expect(u64::try_from(detected.unwrap_or_default().min(settings.batch)).unwrap_or(u64::MAX));
    let mut circuits = Circuits::begin(pipeline, &run.store, run.execution).await?;
    let mut claiming = Claiming::default();
    let mut in_flight = InFlight::new(&settings.prices, run, pipeline);
    let progress_writer = ProgressWriter::begin(run, settings.concurrency);
    let mut claimed = 0;
    let mut trouble = None;
    if detected != Some(0) {
        let meter = Meter::default();
        trouble = tokio::select! {
            probed = circuits.probe(&meter) => probed.err(),
            () = run.signals.stopping() => None,
        };
        in_flight.tally.charge(&Bill::of(&settings.prices, &meter.usage()));
    }
    // After a claim that returned fewer than requested, the next one waits until a conversation ends, which can free another one of the
    // same player.
    let mut look = true;
    loop {
        // After a successful probe, one conversation tests the provider before the others follow.
        let at_once = if circuits.is_on_trial() { 1 } else { settings.concurrency };
        let free = at_once.saturating_sub(in_flight.tasks.len()).min(settings.batch - claimed);
        let barred = circuits.is_open()
            || in_flight.tally.only_refusals()
            || settings.budget.is_some_and(|budget| in_flight.spent() >= budget);
        if look && free > 0 && !barred && trouble.is_none() && !run.signals.is_stopping() {
            let taken = claiming.take(&run.store, &due, run.execution, free).await;
            in_flight.refuse(claiming.refused());
            match taken {
                Ok(claims) => {
                    claimed += claims.len();
                    look = claims.len() == free;
                    if let Err(error) = in_flight.begin(&claims).await {
                        trouble = Some(error);
                    }
                    continue;
                }
                Err(error) => trouble = Some(error.into()),
            }
        }
        if in_flight.tasks.is_empty() && !in_flight.end_waiting() {
            break;
        }
        tokio::select! {
            ended = in_flight.next() => {
                look = true;
                if let Some(error) = ended { trouble = trouble.or(Some(error)); }
                if let Err(error) = circuits.keep().await { trouble = trouble.or(Some(error.into())); }
            }
            () = run.signals.stopping() => {
                in_flight.wind_up().await;
                break;
            }
        }
    }
    if trouble.is_some() || in_flight.tally.is_troubled() || claiming.has_lost_any() {
        in_flight.give_back_unbegun().await;
    }
    progress_writer.end().await;
    // Without a count, only the claimed conversations are known to have been due.
    let detected = detected.unwrap_or(claimed);
    let deferred = detected.saturating_sub(claimed);
    let spent = in_flight.spent();
    let mut tally = in_flight.tally;
    tally.circuit_open = detected > 0 && circuits.is_open();
    if tally.only_refusals() {
        let why = "the model provider has refused every conversation of this run, though it answers harmless questions; they wait, and \
                   the next run takes others. `last_error` of each says why";
        trouble = trouble.or_else(|| Some(RunError::Configuration(why.to_owned())));
    }
    tally.budget_reached = settings.budget.is_some_and(|budget| spent >= budget);
    if trouble.is_none() && !tally.budget_reached && !run.signals.is_stopping() {
        let meter = Meter::default();
        // A signal stops the backfill, which can continue in the next run.
        let late = tokio::select! {
            late = backfill::embed_late_facts(pipeline, run, settings.backfill, &meter) => late,
            () = run.signals.stopping() => backfill::Late::default(),
        };
        (tally.embedded, tally.set_aside) = (late.embedded, late.set_aside);
        tally.charge(&Bill::of(&settings.prices, &meter.usage()));
    }
    tally.learnt = circuits.learnt();
    let kept = async {
        run.store.forget_memos().await?;
        circuits.keep_all().await
    };
    // After an error or a signal, the next run does this.
    if trouble.is_none()
        && !run.signals.is_stopping()
        && let Err(error) = kept.await
    {
        trouble = trouble.or(Some(error.into()));
    }
    Ok(Report { error: trouble, ..tally.report(detected, deferred) })
}

fn due(settings: &Settings, now: DateTime<Utc>) -> Due {
    Due { now, session_timeout: settings.session_timeout, rollout: settings.rollout }
}

/// What [`work`] would do now, without doing it.
pub async fn preview(settings: &Settings, store: &Store) -> Result<ProcessPlan, RunError> {
    let now: DateTime<Utc> = store.now().await?;
    let due = due(settings, now);
    let detected = store.count_due(&due).await?;
    let processed = detected.min(settings.batch);
    let reasons = reasons::by_rule(store.passed_over(&due, reasons::MOST_LISTED).await?);
    Ok(ProcessPlan { detected, processed, deferred: detected - processed, reasons })
}
