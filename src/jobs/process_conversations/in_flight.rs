//! The conversations in flight: started, ended, given back.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rust_decimal::Decimal;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::bill::Bill;
use super::claiming;
use super::entry::{Entry, Statement};
use super::one::{self, Told, process};
use super::tally::Tally;
use crate::core::prices::Prices;
use crate::domain::conversation::Claim;
use crate::domain::ids::ConversationId;
use crate::providers::call::Meter;
use crate::run::context::PipelineContext;
use crate::run::error::RunError;
use crate::run::lifecycle::Run;
use crate::run::signals::TOLD;
use crate::run::spans;
use crate::store::StoreError;
use crate::store::blame::{Blame, Verdict};
use crate::store::claims::Fate;

/// The conversations in flight.
pub struct InFlight<'a> {
    run: &'a Run,
    pipeline: &'a PipelineContext,
    prices: &'a Prices,
    /// The tasks that work at them.
    pub tasks: JoinSet<Entry>,
    /// Decide whether an unclear failure, of a statement that closes or of a pipeline's question, is the conversation's or the server's. A
    /// conversation that waits for this is still in flight.
    closes: Blame<(tokio::task::Id, Entry)>,
    questions: Blame<(tokio::task::Id, Entry)>,
    begun: Vec<Task>,
    /// Those that the database refuses to close.
    staying: Vec<ConversationId>,
    /// The outcomes so far.
    pub tally: Tally,
    /// Whether the run is for one conversation, whose caller polls its stages' results.
    pub in_detail: bool,
}

/// A conversation in flight. Its meter is kept here, so that its usage is known however it ends.
struct Task {
    id: tokio::task::Id,
    claim: Claim,
    meter: Arc<Meter>,
}

impl<'a> InFlight<'a> {
    /// None yet.
    pub fn new(prices: &'a Prices, run: &'a Run, pipeline: &'a PipelineContext) -> Self {
        Self {
            run,
            pipeline,
            prices,
            tasks: JoinSet::new(),
            closes: Blame::default(),
            questions: Blame::default(),
            begun: Vec::new(),
            staying: Vec::new(),
            tally: Tally::default(),
            in_detail: false,
        }
    }

    /// Reads the snapshots of the claimed conversations and starts them.
    pub async fn begin(&mut self, claims: &[Claim]) -> Result<(), RunError> {
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
            let (store, why) = (self.run.store.clone(), format!("can't be read: {error}"));
            self.start(claim, Arc::default(), async move { one::refused(&store, &claim, why).await });
        }
        for (claim, snapshot) in snapshots {
            let (store, pipeline) = (self.run.store.clone(), self.pipeline.clone());
            let (snapshot, meter) = (Arc::new(snapshot), Arc::new(Meter::default()));
            let metered = Arc::clone(&meter);
            let told = Told { progress: self.run.progress.clone(), in_detail: self.in_detail };
            told.progress.reach(claim.conversation, None, None);
            let span = spans::conversation(&claim);
            let work = async move { process(&store, &pipeline, claim, snapshot, &metered, &told).await };
            self.start(claim, meter, work.instrument(span));
        }
        for claim in claims.iter().copied().filter(|claim| !known.contains(claim)) {
            let store = self.run.store.clone();
            self.start(claim, Arc::default(), async move { one::gone(&store, &claim).await });
        }
        Ok(())
    }

    fn start(&mut self, claim: Claim, meter: Arc<Meter>, work: impl Future<Output = Entry> + Send + 'static) {
        let id = self.spawn(work);
        self.begun.push(Task { id, claim, meter });
    }

    /// Puts down those that can't be claimed: they stand as they stood.
    pub fn refuse(&mut self, refused: Vec<(ConversationId, StoreError)>) {
        for (conversation, error) in refused {
            self.tally.add(&Entry::not_claimed(conversation, &error));
        }
    }

    /// Waits for the next conversation to end; the error that should stop the run, if it met one.
    pub async fn next(&mut self) -> Option<RunError> {
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
        if let Some((statement, error)) = entry.unclear.take() {
            let blame = match statement {
                Statement::Question => &mut self.questions,
                Statement::Close => &mut self.closes,
            };
            match blame.failed((task, entry), error) {
                Verdict::Item(it, error) => self.clear(it, error, true),
                Verdict::Waits => {}
                Verdict::Server(it, error) => {
                    self.end_waiting();
                    self.clear(it, error, false);
                }
            }
            return None;
        }
        let closed = entry.is_committed().then(|| self.closes.worked());
        let answered = entry.was_answered().then(|| self.questions.worked());
        for (it, error) in closed.into_iter().chain(answered).flatten() {
            self.clear(it, error, true);
        }
        self.run.progress.advance(1);
        let Task { meter, claim, .. } = self.begun.swap_remove(place);
        self.run.progress.leave(claim.conversation);
        self.staying.extend(entry.stays.then_some(claim.conversation));
        let stop = entry.stop.take();
        self.tally.add(&entry.billed(Bill::of(self.prices, &meter.usage())));
        stop
    }

    /// Blames the server for the failures that are still unclear, because no other conversation is left to decide them. Returns whether there
    /// were any.
    pub fn end_waiting(&mut self) -> bool {
        let waiting: Vec<_> = self.closes.end().into_iter().chain(self.questions.end()).collect();
        let waited = !waiting.is_empty();
        for (it, error) in waiting {
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
    pub fn spent(&self) -> Decimal {
        let mut bill = self.tally.bill.clone();
        for it in &self.begun {
            bill.add(&Bill::of(self.prices, &it.meter.usage()));
        }
        bill.total()
    }

    /// Waits for running conversations until the grace period is over, then aborts the rest and releases their claims.
    pub async fn wind_up(&mut self) {
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
    pub async fn give_back_unbegun(&mut self) {
        let begun = self.begun.iter().map(|task| task.claim.conversation);
        let ours: Vec<_> = begun.chain(self.staying.iter().copied()).collect();
        match self.run.store.give_back_claims(self.run.execution, ours).await {
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
