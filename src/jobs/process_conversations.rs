//! `process-conversations`: claims finished conversations and runs each through the pipeline (spec 02 and 04).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use rust_decimal::Decimal;
use tokio::task::JoinSet;
use tracing::Instrument;

mod backfill;
mod bill;
pub mod by_id;
mod claiming;
mod one;
mod progress_writer;
mod tally;

use crate::core::prices::Prices;
use crate::domain::conversation::Claim;
use crate::domain::ids::ConversationId;
use crate::domain::result::ProcessPlan;
use crate::jobs::reasons;
use crate::providers::call::Meter;
use crate::run::circuits::Circuits;
use crate::run::context::PipelineContext;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::run::signals::TOLD;
use crate::run::spans;
use crate::run::totals::if_known;
use crate::store::blame::{Blame, Verdict};
use crate::store::claims::{Due, Fate, Outcome};
use crate::store::{Store, StoreError};
use bill::Bill;
use claiming::Claiming;
use one::{Entry, Told, process};
use progress_writer::ProgressWriter;
use tally::Tally;
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
    let mut in_flight = InFlight::new(settings, run, pipeline);
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
    if trouble.is_some() || in_flight.tally.is_troubled() {
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

/// The conversations in flight.
struct InFlight<'a> {
    run: &'a Run,
    pipeline: &'a PipelineContext,
    prices: &'a Prices,
    tasks: JoinSet<Entry>,
    /// Decides whether an unclear failure of a commit is the conversation's or the server's. A conversation that waits for this is still in
    /// flight.
    blame: Blame<(tokio::task::Id, Entry)>,
    begun: Vec<Task>,
    tally: Tally,
    /// Whether the run is for one conversation, whose caller polls its stages' results.
    in_detail: bool,
}

/// A conversation in flight. Its meter is kept here, so that its usage is known however it ends.
struct Task {
    id: tokio::task::Id,
    claim: Claim,
    meter: Arc<Meter>,
}

impl<'a> InFlight<'a> {
    fn new(settings: &'a Settings, run: &'a Run, pipeline: &'a PipelineContext) -> Self {
        let prices = &settings.prices;
        let (tasks, begun, tally) = (JoinSet::new(), Vec::new(), Tally::default());
        Self { run, pipeline, prices, tasks, begun, tally, blame: Blame::default(), in_detail: false }
    }

    /// Reads the snapshots of the claimed conversations and starts them.
    async fn begin(&mut self, claims: &[Claim]) -> Result<(), RunError> {
        if claims.is_empty() {
            return Ok(());
        }
        let (snapshots, refused) = match claiming::snapshots(self.run, claims).await {
            Ok(read) => read,
            Err(error) => {
                self.give_back_unbegun().await;
                return Err(error.into());
            }
        };
        let known: Vec<_> = snapshots.iter().map(|it| it.0).chain(refused.iter().map(|it| it.0)).collect();
        for (claim, error) in refused {
            let mut entry = one::refused(&self.run.store, &claim, &format!("can't be read: {error}")).await;
            let stop = entry.stop.take();
            self.tally.add(&entry);
            if let Some(stop) = stop {
                return Err(stop);
            }
        }
        for (claim, snapshot) in snapshots {
            let (store, pipeline) = (self.run.store.clone(), self.pipeline.clone());
            let (snapshot, meter) = (Arc::new(snapshot), Arc::new(Meter::default()));
            let metered = Arc::clone(&meter);
            let told = Told { progress: self.run.progress.clone(), in_detail: self.in_detail };
            told.progress.reach(claim.conversation, None, None);
            let span = spans::conversation(&claim);
            let work =
                async move { process(&store, &pipeline, claim, snapshot, &metered, &told).await }.instrument(span);
            let id = self.spawn(work);
            self.begun.push(Task { id, claim, meter });
        }
        for claim in claims.iter().filter(|claim| !known.contains(claim)) {
            // The conversation or its player was deleted after the claim.
            let error = "the conversation or its player is gone".to_owned();
            self.run.store.close_claim(claim, &Outcome::Failed { error: error.clone() }).await?;
            self.tally.add(&Entry::failed(claim, error));
        }
        Ok(())
    }

    /// Puts down those that can't be claimed: they stand as they stood.
    fn refuse(&mut self, refused: Vec<(ConversationId, StoreError)>) {
        for (conversation, error) in refused {
            self.tally.add(&Entry::not_claimed(conversation, &error));
        }
    }

    /// Waits for the next conversation to end; the error that should stop the run, if it met one.
    async fn next(&mut self) -> Option<RunError> {
        let (id, entry) = match self.tasks.join_next_with_id().await? {
            Ok((id, entry)) => (id, entry),
            Err(failure) => {
                let claim = self.begun.iter().find(|it| it.id == failure.id())?.claim;
                (failure.id(), self.panicked(&claim).await)
            }
        };
        self.ended(id, entry)
    }

    /// Records a conversation's outcome and cost. Returns the error that should stop the run, if any.
    fn ended(&mut self, task: tokio::task::Id, mut entry: Entry) -> Option<RunError> {
        let place = self.begun.iter().position(|it| it.id == task)?;
        if let Some(error) = entry.unclear.take() {
            match self.blame.failed((task, entry), error) {
                Verdict::Item(it, error) => self.clear(it, error, true),
                Verdict::Waits => {}
                Verdict::Server(it, error) => {
                    self.end_waiting();
                    self.clear(it, error, false);
                }
            }
            return None;
        }
        if entry.is_committed()
            && let Some((it, error)) = self.blame.worked()
        {
            self.clear(it, error, true);
        }
        self.run.progress.advance(1);
        let Task { meter, claim, .. } = self.begun.swap_remove(place);
        self.run.progress.leave(claim.conversation);
        let stop = entry.stop.take();
        self.tally.add(&entry.billed(Bill::of(self.prices, &meter.usage())));
        stop
    }

    /// Blames the server for a failure that is still unclear, because no other conversation is left to decide it. Returns whether there was
    /// one.
    fn end_waiting(&mut self) -> bool {
        let waiting = self.blame.end();
        let waited = waiting.is_some();
        if let Some((it, error)) = waiting {
            self.clear(it, error, false);
        }
        waited
    }

    /// Closes a conversation after its unclear failure was blamed on it (`its_own`) or on the server. This is a task, so the conversation
    /// stays in flight until it is done.
    fn clear(&mut self, (task, entry): (tokio::task::Id, Entry), error: StoreError, its_own: bool) {
        let Some(place) = self.begun.iter().position(|it| it.id == task) else { return };
        let (store, claim) = (self.run.store.clone(), self.begun[place].claim);
        self.begun[place].id = self.spawn(async move { one::cleared(&store, &claim, entry, error, its_own).await });
    }

    fn spawn(&mut self, work: impl Future<Output = Entry> + Send + 'static) -> tokio::task::Id {
        // A task does not inherit the current span, which names the execution in the log.
        let work = work.instrument(tracing::Span::current());
        let task = match &self.pipeline.runtime {
            Some(runtime) => self.tasks.spawn_on(work, runtime),
            None => self.tasks.spawn(work),
        };
        task.id()
    }

    /// The run's cost so far in US dollars, conversations in flight included.
    fn spent(&self) -> Decimal {
        let mut bill = self.tally.bill.clone();
        for it in &self.begun {
            bill.add(&Bill::of(self.prices, &it.meter.usage()));
        }
        bill.total()
    }

    /// Waits for running conversations until the grace period is over, then aborts the rest and releases their claims.
    async fn wind_up(&mut self) {
        let signals = self.run.signals.clone();
        let ended = async {
            while !self.tasks.is_empty() || self.end_waiting() {
                self.next().await;
            }
        };
        tokio::select! {
            biased;
            () = ended => return,
            () = signals.overdue(Duration::ZERO) => {}
        }
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            // One that ended before the abort counts as ended.
            if let Ok((id, entry)) = ended {
                self.ended(id, entry);
            }
        }
        // A commit can have been in progress, so the fate of each claim has to be looked up. Concurrently, because little time is left.
        let begun = std::mem::take(&mut self.begun);
        let (run, signals) = (self.run, &signals);
        let fates = begun.iter().map(|task| async move {
            tokio::select! {
                biased;
                fate = run.store.learn_fate(&task.claim) => fate,
                () = signals.overdue(TOLD) => Err(StoreError::unanswered("no response in time after the signal")),
            }
        });
        let fates = join_all(fates).await;
        for (Task { claim, meter, .. }, fate) in begun.iter().zip(fates) {
            let bill = Bill::of(self.prices, &meter.usage());
            let entry = match fate {
                Ok(Fate::Committed) => Entry::committed(claim),
                Ok(Fate::GivenBack) => Entry::released(claim, "interrupted by a signal"),
                Ok(Fate::Unknown) => {
                    tracing::info!(conversation = %claim.conversation, "not released: the claim is no longer ours");
                    self.tally.charge(&bill);
                    continue;
                }
                Err(error) => {
                    tracing::error!(error = %error, conversation = %claim.conversation, "not released, left to `recover`");
                    Entry::unknown(claim, error.message())
                }
            };
            self.tally.add(&entry.billed(bill));
        }
    }

    /// Releases claims of this run that are not in flight: not begun, or made by a statement whose response was lost.
    async fn give_back_unbegun(&mut self) {
        let begun: Vec<_> = self.begun.iter().map(|task| task.claim.conversation).collect();
        match self.run.store.give_back_claims(self.run.execution, begun).await {
            Ok(unbegun) => {
                for conversation in unbegun {
                    tracing::warn!(%conversation, "claimed and not begun; given back with its attempt");
                    self.tally.add(&Entry::never_begun(conversation));
                }
            }
            Err(error) => tracing::error!(error = %error, "claims may be left to `recover`"),
        }
    }

    /// A bug of ours must cost the conversation an attempt, or it would kill every run forever.
    async fn panicked(&mut self, claim: &Claim) -> Entry {
        one::give_back_after_panic(&self.run.store, claim).await
    }
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
