//! `process-conversations`: claims stale conversations and walks each through the pipeline (spec 02 and 04).

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

pub mod by_id;
mod one;
mod tally;

use crate::domain::conversation::Claim;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::run::pipeline::Workshop;
use crate::store::Store;
use crate::store::claims::{Due, Leave};
use one::{Entry, process};
use tally::Tally;
pub(super) use tally::timing;

/// What a run works by.
#[derive(Clone)]
pub struct Settings {
    /// The most conversations of a run.
    pub batch: usize,
    /// The most at once.
    pub concurrency: usize,
    /// How long after its last message a conversation is over.
    pub session_timeout: Duration,
    /// The share of players whose conversations are taken, 0 to 100 percent.
    pub rollout: u8,
    /// How long running pipelines may go on after a signal.
    pub grace: Duration,
}

/// Claims and processes until the cap is reached or nothing is due.
pub async fn work(settings: &Settings, workshop: &Workshop, run: &Run) -> Result<Report, RunError> {
    let due = due(settings, run.now);
    let detected = run.store.count_due(&due).await?;
    run.progress.expect(u64::try_from(detected.min(settings.batch)).unwrap_or(u64::MAX));
    let mut floor = Floor::new(run, workshop);
    let mut claimed = 0;
    let mut trouble = None;
    // A claim that came back with less than was asked for is repeated only when a conversation has ended: it may have held
    // back another one of its player.
    let mut look = true;
    loop {
        let free = settings.concurrency.saturating_sub(floor.tasks.len()).min(settings.batch - claimed);
        if look && free > 0 && trouble.is_none() && !run.signals.is_stopping() {
            match run.store.claim(&due, run.execution, free).await {
                Ok(claims) => {
                    claimed += claims.len();
                    look = claims.len() == free;
                    if let Err(error) = floor.begin(&claims).await {
                        trouble = Some(error);
                    }
                    continue;
                }
                Err(error) => trouble = Some(error.into()),
            }
        }
        if floor.tasks.is_empty() {
            break;
        }
        tokio::select! {
            ended = floor.next() => {
                look = true;
                if let Some(error) = ended { trouble = trouble.or(Some(error)); }
            }
            () = run.signals.stopping() => {
                floor.wind_up(settings.grace).await;
                break;
            }
        }
    }
    let report = floor.tally.report(detected, detected.saturating_sub(claimed));
    Ok(Report { error: trouble, ..report })
}

fn due(settings: &Settings, now: DateTime<Utc>) -> Due {
    Due { now, session_timeout: settings.session_timeout, rollout: settings.rollout }
}

/// The conversations in hand.
struct Floor<'a> {
    run: &'a Run,
    workshop: &'a Workshop,
    tasks: JoinSet<Entry>,
    in_hand: Vec<(tokio::task::Id, Claim)>,
    tally: Tally,
}

impl<'a> Floor<'a> {
    fn new(run: &'a Run, workshop: &'a Workshop) -> Self {
        Self { run, workshop, tasks: JoinSet::new(), in_hand: Vec::new(), tally: Tally::default() }
    }

    /// Reads what the claimed conversations need, and starts them.
    async fn begin(&mut self, claims: &[Claim]) -> Result<(), RunError> {
        if claims.is_empty() {
            return Ok(());
        }
        let snapshots = match self.run.store.snapshots(claims, self.run.now).await {
            Ok(snapshots) => snapshots,
            Err(error) => {
                for claim in claims {
                    self.release(claim, "the run stopped").await;
                }
                return Err(error.into());
            }
        };
        let known: Vec<_> = snapshots.iter().map(|(claim, _)| *claim).collect();
        for (claim, snapshot) in snapshots {
            let (store, workshop) = (self.run.store.clone(), self.workshop.clone());
            let task = self.tasks.spawn(async move { process(&store, &workshop, claim, Arc::new(snapshot)).await });
            self.in_hand.push((task.id(), claim));
        }
        for claim in claims.iter().filter(|claim| !known.contains(claim)) {
            // Its player was deleted meanwhile; nothing is left to process.
            let error = "the conversation or its player is gone".to_owned();
            self.run.store.leave(claim, &Leave::Failed { error: error.clone() }).await?;
            self.tally.add(&Entry::failed(claim, error));
        }
        Ok(())
    }

    /// Waits for the next conversation to end; the error that should stop the run, if it met one.
    async fn next(&mut self) -> Option<RunError> {
        let (id, mut entry) = match self.tasks.join_next_with_id().await? {
            Ok((id, entry)) => (id, entry),
            Err(failure) => {
                let (id, claim) = *self.in_hand.iter().find(|(id, _)| *id == failure.id())?;
                (id, self.panicked(&claim).await)
            }
        };
        self.in_hand.retain(|(known, _)| *known != id);
        self.run.progress.advance(1);
        let stop = entry.stop.take();
        self.tally.add(&entry);
        stop
    }

    /// Lets what is running go on for `grace`, then breaks it off and gives it back.
    async fn wind_up(&mut self, grace: Duration) {
        let ended = tokio::time::timeout(grace, async {
            while !self.tasks.is_empty() {
                self.next().await;
            }
        });
        if ended.await.is_ok() {
            return;
        }
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            // One that ended in this very moment counts as what it is.
            if let Ok((id, entry)) = ended {
                self.in_hand.retain(|(known, _)| *known != id);
                self.tally.add(&entry);
            }
        }
        for (_, claim) in std::mem::take(&mut self.in_hand) {
            self.release(&claim, "broken off by a signal").await;
        }
    }

    /// Gives a conversation back. One that was committed in this very moment is not ours any more, and stays as it is.
    async fn release(&mut self, claim: &Claim, why: &str) {
        match self.run.store.leave(claim, &Leave::Released).await {
            Ok(true) => self.tally.add(&Entry::released(claim, why)),
            Ok(false) => tracing::info!(conversation = %claim.conversation, "not ours to release"),
            Err(error) => {
                tracing::error!(error = %error, conversation = %claim.conversation, "not released, left to `recover`");
            }
        }
    }

    /// A bug of ours must cost the conversation an attempt, or it would kill every run for ever.
    async fn panicked(&mut self, claim: &Claim) -> Entry {
        one::give_back_after_panic(&self.run.store, claim).await
    }
}

/// What [`work`] would do now, without doing it.
pub async fn preview(settings: &Settings, store: &Store) -> Result<Map<String, Value>, RunError> {
    let now: DateTime<Utc> = store.now().await?;
    let detected = store.count_due(&due(settings, now)).await?;
    let processed = detected.min(settings.batch);
    Ok(Map::from_iter([
        ("detected".to_owned(), json!(detected)),
        ("processed".to_owned(), json!(processed)),
        ("deferred".to_owned(), json!(detected - processed)),
    ]))
}
