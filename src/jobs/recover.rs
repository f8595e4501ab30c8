//! `recover`: conversations left stuck in `processing` are taken out of it, in bulk or by hand (spec 02). Audits and
//! executions, which `scan-stuck` takes care of in bulk, by hand: [`records`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::exit::Exit;
use crate::domain::ids::ConversationId;
use crate::run::error::RunError;
use crate::run::lifecycle::{Report, Run};
use crate::store::Store;
use crate::store::stuck::{Held, Rescue};

pub mod records;

/// What a run works by.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long without any movement counts as stuck.
    pub idle: Duration,
    /// Back to `active` while attempts are left, instead of `failed`.
    pub requeue: bool,
    /// The most conversations of a run.
    pub batch: usize,
}

/// How many are read at once.
const PAGE: i64 = 100;

/// What became of the stuck conversations.
#[derive(Debug, Default)]
struct Tally {
    recoveries: Vec<Value>,
    errors: Vec<Value>,
}

/// Recovers what is stuck, the longest idle first. One that can't be recovered is reported and passed over: it neither stops
/// the others nor stands in their way.
pub async fn work(settings: &Settings, run: &Run) -> Result<Report, RunError> {
    let mut tally = Tally::default();
    let mut last = None;
    'pages: loop {
        let page = run.store.stuck(settings.idle, last.as_ref(), PAGE).await?;
        for held in &page {
            if tally.recoveries.len() >= settings.batch || run.signals.is_stopping() {
                break 'pages;
            }
            let rescue = settings.rescue(held);
            let evidence = Evidence::of(held, run.now, settings.idle);
            tally.add(held, &rescue, &evidence, run.store.rescue(held, &rescue, &evidence.reason).await);
            run.progress.advance(1);
        }
        last = page.last().cloned();
        if last.is_none() {
            break;
        }
    }
    let left = run.store.count_stuck(settings.idle).await?;
    Ok(tally.report(left))
}

/// Recovers these, whatever the rules say: the operator has decided. The fence sees to it that an owner who is alive after
/// all writes nothing.
pub async fn by_hand(settings: &Settings, run: &Run, ids: &[ConversationId]) -> Result<Report, RunError> {
    let mut tally = Tally::default();
    for id in ids {
        if let Some((held, rescue, evidence)) = tally.look(settings, &run.store, *id, run.now).await? {
            tally.add(&held, &rescue, &evidence, run.store.rescue(&held, &rescue, &evidence.reason).await);
        }
    }
    Ok(by_hand_report(&tally.recoveries, &tally.errors))
}

/// What [`work`], or with `ids` [`by_hand`], would do now, without doing it.
pub async fn preview(
    settings: &Settings,
    ids: &[ConversationId],
    store: &Store,
) -> Result<Map<String, Value>, RunError> {
    let now = store.now().await?;
    let mut tally = Tally::default();
    let mut left = 0;
    for id in ids {
        if let Some((held, rescue, evidence)) = tally.look(settings, store, *id, now).await? {
            tally.list(&held, &rescue, &evidence);
        }
    }
    if ids.is_empty() {
        let most = i64::try_from(settings.batch).unwrap_or(i64::MAX);
        for held in store.stuck(settings.idle, None, most).await? {
            tally.list(&held, &settings.rescue(&held), &Evidence::of(&held, now, settings.idle));
        }
        let recovered = i64::try_from(tally.recoveries.len()).unwrap_or(i64::MAX);
        left = (store.count_stuck(settings.idle).await? - recovered).max(0);
    }
    Ok(tally.report(left).fields)
}

impl Settings {
    /// Where a stuck conversation goes.
    const fn rescue(&self, held: &Held) -> Rescue {
        Rescue { idle: Some(self.idle), requeue: self.requeue && held.attempts < MOST_ATTEMPTS }
    }
}

/// Why a conversation counts as stuck.
struct Evidence {
    rule: &'static str,
    reason: String,
    idle_ms: i64,
}

impl Evidence {
    fn of(held: &Held, now: DateTime<Utc>, idle: Duration) -> Self {
        let idle_for = now - held.idle_since;
        let rule = if held.claimed_by.is_some() && !held.owner_is_live {
            "owner_dead"
        } else if idle_for.to_std().is_ok_and(|idle_for| idle_for >= idle) {
            "inactive"
        } else {
            "none"
        };
        let reason = if rule == "owner_dead" {
            let of = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
            format!("Owner is not running (host {}, pid {})", of(&held.host), of(&held.pid.map(|pid| pid.to_string())))
        } else {
            format!("No activity for {} minutes", idle_for.num_minutes().max(0))
        };
        Self { rule, reason, idle_ms: idle_for.num_milliseconds().max(0) }
    }
}

impl Tally {
    /// Looks at one by hand; none, with the reason kept, where it can't be recovered.
    async fn look(
        &mut self,
        settings: &Settings,
        store: &Store,
        id: ConversationId,
        now: DateTime<Utc>,
    ) -> Result<Option<(Held, Rescue, Evidence)>, RunError> {
        let Some(held) = store.held(id).await? else {
            self.refuse(id, "there is no such conversation");
            return Ok(None);
        };
        if held.status != "processing" {
            self.refuse(
                id,
                &format!("it is {}, not processing; only what is in processing can be recovered", held.status),
            );
            return Ok(None);
        }
        let rescue = Rescue { idle: None, ..settings.rescue(&held) };
        let mut evidence = Evidence::of(&held, now, settings.idle);
        evidence.reason = format!("By hand; {}", evidence.reason);
        Ok(Some((held, rescue, evidence)))
    }

    fn add(&mut self, held: &Held, rescue: &Rescue, evidence: &Evidence, done: Result<bool, crate::store::StoreError>) {
        match done {
            Ok(true) => {
                self.list(held, rescue, evidence);
                tracing::warn!(
                    conversation = %held.conversation,
                    rule = evidence.rule,
                    idle.ms = evidence.idle_ms,
                    owner.host = held.host,
                    owner.pid = held.pid,
                    to = to(rescue),
                    "conversation recovered"
                );
            }
            Ok(false) => {
                tracing::info!(conversation = %held.conversation, "finished or claimed anew meanwhile, left alone");
            }
            Err(error) => self.refuse(held.conversation, &error.to_string()),
        }
    }

    fn list(&mut self, held: &Held, rescue: &Rescue, evidence: &Evidence) {
        self.recoveries.push(json!({
            "conversation_id": held.conversation, "reason": evidence.reason, "from": "processing", "to": to(rescue),
            "attempts": held.attempts, "rule": evidence.rule, "idle_ms": evidence.idle_ms,
            "execution_id": held.claimed_by, "host": held.host, "pid": held.pid,
        }));
    }

    fn refuse(&mut self, conversation: ConversationId, why: &str) {
        tracing::error!(%conversation, error = why, "conversation not recovered");
        self.errors.push(json!({"conversation_id": conversation, "error": why}));
    }

    fn report(self, left: i64) -> Report {
        report(&self.recoveries, &self.errors, left)
    }
}

fn report(recoveries: &[Value], errors: &[Value], left: i64) -> Report {
    let exit = if errors.is_empty() { Exit::Success } else { Exit::Partial };
    let message = errors.first().map(|first| {
        let id = first.get("conversation_id").unwrap_or(&first["id"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        json!({"kind": "not_recovered", "message": format!("{}: {}", text(id), text(&first["error"]))})
    });
    let mut fields = Map::from_iter([
        ("recovered".to_owned(), json!(recoveries.len())),
        ("deferred".to_owned(), json!(left)),
        ("recoveries".to_owned(), json!(recoveries)),
        ("errors".to_owned(), json!(errors)),
    ]);
    fields.extend(message.map(|message| ("error".to_owned(), message)));
    Report { fields, exit, cost_usd: None, error: None }
}

/// By hand, whoever asked for one thing alone and did not get it has a failed run.
fn by_hand_report(recoveries: &[Value], errors: &[Value]) -> Report {
    let refused = recoveries.is_empty() && !errors.is_empty();
    let report = report(recoveries, errors, 0);
    if refused { Report { exit: Exit::Failure, ..report } } else { report }
}

const fn to(rescue: &Rescue) -> &'static str {
    if rescue.requeue { "active" } else { "failed" }
}
