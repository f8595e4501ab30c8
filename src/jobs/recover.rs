//! `recover`: takes stuck conversations out of `processing`, in bulk or by hand (spec 02). Recovers audits and executions by hand only
//! ([`records`]); `scan-stuck` does so in bulk.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::exit::Exit;
use crate::domain::ids::ConversationId;
use crate::domain::result::{
    ConversationRecovery, ErrorBody, ErrorKind, NotRecovered, RecoverResult, RecoverRule, RecoveryEntry, Target,
};
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::run::totals::if_known;
use crate::store::blame::{Blame, Verdict};
use crate::store::stuck::{Recovered, Recovery, StuckConversation};
use crate::store::{Another, Store, StoreError};

pub mod records;

/// The settings of a run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a conversation can be idle before it is stuck.
    pub idle: Duration,
    /// Makes a conversation with attempts left `active` instead of `failed`.
    pub requeue: bool,
    /// The most conversations per run.
    pub batch: usize,
}

/// How many conversations to read at once.
const PAGE: i64 = 100;

/// The outcomes of a run.
#[derive(Debug, Default)]
struct Tally {
    recoveries: Vec<RecoveryEntry>,
    errors: Vec<NotRecovered>,
    /// How many rows another transaction has locked.
    locked: usize,
    /// Decides whether a failure is a conversation's or the server's.
    blame: Blame<String>,
}

/// Recovers stuck conversations, the longest idle first. One that can't be recovered is reported and passed over, so that it does not
/// stop the others.
pub async fn work(settings: &Settings, run: &Run) -> Result<Report, RunError> {
    let mut tally = Tally::default();
    match run.store.clear_void_claims().await {
        // One row that can't be written must not keep the others in processing.
        Err(error) if error.is_the_items(Another::Works) => {
            tracing::warn!(error = %error, "tokens of claims that the application has ended are not removed");
        }
        done => done?,
    }
    let mut last = None;
    'pages: loop {
        let page = run.store.stuck(settings.idle, last.as_ref(), PAGE).await?;
        for stuck in &page {
            if tally.recoveries.len() >= settings.batch || run.signals.is_stopping() {
                break 'pages;
            }
            let recovery = settings.recovery(stuck);
            let evidence = Evidence::of(stuck, run.now);
            let done = run.store.recover_conversation(stuck, &recovery, &evidence.reason).await;
            if let Err(error) = tally.add(stuck, &recovery, &evidence, done) {
                return Ok(Report { error: Some(error.into()), ..tally.report(None) });
            }
            run.progress.advance(1);
        }
        last = page.last().cloned();
        if last.is_none() {
            break;
        }
    }
    if let Some((_, error)) = tally.blame.end() {
        return Ok(Report { error: Some(error.into()), ..tally.report(None) });
    }
    let left = if_known(run.store.count_stuck(settings.idle).await, "how many conversations are stuck")?;
    Ok(tally.report(left))
}

/// Recovers these conversations, whatever the rules say: the operator has decided. If an owner is alive after all, the fence keeps it
/// from writing anything.
pub async fn by_hand(settings: &Settings, run: &Run, ids: &[ConversationId]) -> Result<Report, RunError> {
    let mut tally = Tally::default();
    let (mut held, mut stop) = (Vec::new(), None);
    for id in ids {
        if let Some((stuck, recovery, evidence)) = tally.look(settings, &run.store, *id, run.now).await? {
            let done = run.store.recover_conversation(&stuck, &recovery, &evidence.reason).await;
            if let Ok(Recovered::Locked) = done {
                held.push(format!("conversation {id}"));
            } else if let Err(error) = tally.add(&stuck, &recovery, &evidence, done) {
                stop = Some(error);
                break;
            }
        }
    }
    let stop = stop.or_else(|| tally.blame.end().map(|(_, error)| error));
    Ok(by_hand_report(tally.recoveries, tally.errors, &held, stop))
}

/// What [`work`], or with `ids` [`by_hand`], would do now, without doing it.
pub async fn preview(settings: &Settings, ids: &[ConversationId], store: &Store) -> Result<RecoverResult, RunError> {
    let now = store.now().await?;
    let mut tally = Tally::default();
    let mut left = 0;
    for id in ids {
        if let Some((stuck, recovery, evidence)) = tally.look(settings, store, *id, now).await? {
            tally.list(&stuck, &recovery, &evidence);
        }
    }
    if ids.is_empty() {
        let most = i64::try_from(settings.batch).unwrap_or(i64::MAX);
        for stuck in store.stuck(settings.idle, None, most).await? {
            tally.list(&stuck, &settings.recovery(&stuck), &Evidence::of(&stuck, now));
        }
        let recovered = i64::try_from(tally.recoveries.len()).unwrap_or(i64::MAX);
        left = (store.count_stuck(settings.idle).await? - recovered).max(0);
    }
    Ok(tally.result(Some(left)))
}

impl Settings {
    /// How to recover a stuck conversation.
    fn recovery(&self, stuck: &StuckConversation) -> Recovery {
        Recovery { idle: Some(self.idle), requeue: self.requeue && stuck.attempts < i64::from(MOST_ATTEMPTS) }
    }
}

/// Why a conversation counts as stuck.
struct Evidence {
    rule: RecoverRule,
    reason: String,
    idle_ms: i64,
}

impl Evidence {
    fn of(stuck: &StuckConversation, now: DateTime<Utc>) -> Self {
        let idle_for = stuck.idle_since().map_or(TimeDelta::zero(), |since| (now - since).max(TimeDelta::zero()));
        let of = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
        let (rule, reason) = if stuck.owner_is_dead {
            (RecoverRule::OwnerDead, format!("Owner is not running (host {}, pid {})", of(&stuck.host), of(&stuck.pid)))
        } else {
            let rule = if stuck.is_idle { RecoverRule::Inactive } else { RecoverRule::None };
            let reason = match stuck.idle_since() {
                Some(_) => format!("No activity for {} minutes", idle_for.num_minutes()),
                None => "No activity for an unknown time: conversations.updated_at is unreadable".to_owned(),
            };
            (rule, reason)
        };
        Self { rule, reason, idle_ms: idle_for.num_milliseconds() }
    }
}

impl Tally {
    /// Reads one conversation by id. If it can't be recovered, records the reason and returns none.
    async fn look(
        &mut self,
        settings: &Settings,
        store: &Store,
        id: ConversationId,
        now: DateTime<Utc>,
    ) -> Result<Option<(StuckConversation, Recovery, Evidence)>, RunError> {
        let Some(stuck) = store.stuck_conversation(&id.to_string(), settings.idle).await? else {
            self.refuse(&id.to_string(), "there is no such conversation");
            return Ok(None);
        };
        if stuck.status != "processing" {
            self.refuse(
                &id.to_string(),
                &format!("it is {}; only a conversation in processing can be recovered", stuck.status),
            );
            return Ok(None);
        }
        let recovery = Recovery { idle: None, ..settings.recovery(&stuck) };
        let mut evidence = Evidence::of(&stuck, now);
        evidence.reason = format!("By hand; {}", evidence.reason);
        Ok(Some((stuck, recovery, evidence)))
    }

    /// # Errors
    /// If the failure is the database's and not a conversation's.
    fn add(
        &mut self,
        stuck: &StuckConversation,
        recovery: &Recovery,
        evidence: &Evidence,
        done: Result<Recovered, StoreError>,
    ) -> Result<(), StoreError> {
        if done.is_ok()
            && let Some((id, error)) = self.blame.worked()
        {
            self.refuse(&id, &error.to_string());
        }
        match done {
            Ok(Recovered::Done) => {
                self.list(stuck, recovery, evidence);
                tracing::warn!(
                    conversation = stuck.id,
                    rule = %evidence.rule,
                    idle.ms = evidence.idle_ms,
                    owner.host = stuck.host,
                    owner.pid = stuck.pid,
                    to = %to(recovery),
                    "conversation recovered"
                );
            }
            Ok(Recovered::Changed) => {
                tracing::info!(conversation = stuck.id, "finished or claimed again meanwhile, left alone");
            }
            Ok(Recovered::Locked) => {
                self.locked += 1;
                tracing::info!(conversation = stuck.id, "locked by another transaction, passed over");
            }
            Err(error) => match self.blame.failed(stuck.id.clone(), error) {
                Verdict::Item(id, error) => self.refuse(&id, &error.to_string()),
                Verdict::Waits => {}
                Verdict::Server(_, error) => return Err(error),
            },
        }
        Ok(())
    }

    fn list(&mut self, stuck: &StuckConversation, recovery: &Recovery, evidence: &Evidence) {
        self.recoveries.push(RecoveryEntry::Conversation(ConversationRecovery {
            conversation_id: stuck.id.clone(),
            reason: evidence.reason.clone(),
            from: "processing".to_owned(),
            to: to(recovery),
            attempts: stuck.attempts,
            rule: evidence.rule,
            idle_ms: evidence.idle_ms,
            execution_id: stuck.claimed_by.clone(),
            host: stuck.host.clone(),
            pid: stuck.pid.as_deref().and_then(|pid| pid.parse().ok()),
        }));
    }

    fn refuse(&mut self, conversation: &str, why: &str) {
        tracing::error!(conversation, error = why, "conversation not recovered");
        self.errors
            .push(NotRecovered::Conversation { conversation_id: conversation.to_owned(), error: why.to_owned() });
    }

    fn result(self, left: Option<i64>) -> RecoverResult {
        let Self { recoveries, errors, locked, .. } = self;
        RecoverResult { recovered: recoveries.len(), deferred: left, recoveries, errors, locked }
    }

    fn report(self, left: Option<i64>) -> Report {
        report(self.result(left))
    }
}

fn report(result: RecoverResult) -> Report {
    let exit = if result.errors.is_empty() { Exit::Success } else { Exit::Partial };
    let complaint = result.errors.first();
    let complaint = complaint.map(|it| ErrorBody::new(ErrorKind::NotRecovered, format!("{}: {}", it.id(), it.error())));
    Report { own: result.into(), exit, complaint, cost_usd: None, error: None }
}

/// By hand, whoever asked for one thing alone and did not get it has a failed run. What another transaction holds can be had later: 69,
/// as where `stop` broke it off.
fn by_hand_report(
    recoveries: Vec<RecoveryEntry>,
    errors: Vec<NotRecovered>,
    held: &[String],
    stop: Option<StoreError>,
) -> Report {
    let refused = recoveries.is_empty() && !errors.is_empty();
    let report = report(by_hand_result(recoveries, errors, held.len()));
    let held = (!held.is_empty()).then(|| {
        StoreError::unavailable(format!(
            "{}: locked by another transaction, and left alone; try again when that has ended",
            held.join(", ")
        ))
    });
    let error = stop.or(held).map(RunError::from);
    if refused { Report { exit: Exit::Failure, error, ..report } } else { Report { error, ..report } }
}

fn by_hand_result(recoveries: Vec<RecoveryEntry>, errors: Vec<NotRecovered>, locked: usize) -> RecoverResult {
    RecoverResult { recovered: recoveries.len(), deferred: Some(0), recoveries, errors, locked }
}

const fn to(recovery: &Recovery) -> Target {
    if recovery.requeue { Target::Active } else { Target::Failed }
}
