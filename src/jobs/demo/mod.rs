//! `demo`: builds a sample database, runs all four jobs on it, and reports what they changed.
//!
//! The runs are the same as in production: lifecycle, settings and stages. Only the window is ignored, because the demo must run
//! now. `store::demo` creates the database; [`story`] makes the report.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub mod sample;
mod setup;
pub mod story;

pub use setup::Demo;
use setup::Runs;

use super::{decay, process_conversations, recover, scan_stuck};
use crate::clock;
use crate::domain::exit::Exit;
use crate::domain::ids::{AuditId, ExecutionId};
use crate::domain::result::{AbortedDemo, DemoResult, Own, Planted, ProcessResult, Status};
use crate::run::error::RunError;
use crate::run::lifecycle::{self, Ended, Plan};
use crate::store::Store;
use crate::store::demo::plant::{Crash, NewConversation, NewPlayer};

/// Plants the sample, runs the jobs and reports what they changed. One conversation of the sample fails on purpose; the demo still
/// succeeds.
pub async fn run(demo: &Demo<'_>) -> Result<Ended, RunError> {
    let began = clock::start();
    let now = demo.store.now().await?;
    let planted = plant(demo.store, now).await?;
    let mut runs = Runs::default();
    let (exit, own, error) = match work(demo, now, &mut runs, planted).await? {
        Ok(story) => (Exit::Success, Own::from(Box::new(story)), None),
        Err(stopped) => {
            // A signal can arrive between two runs.
            let exit = if demo.signals.is_stopping() { demo.signals.exit() } else { stopped.exit };
            (exit, unfinished(demo, planted, runs).into(), stopped.result.common.error)
        }
    };
    let status = match exit {
        Exit::Success => Status::Ok,
        Exit::Interrupted | Exit::Terminated => Status::Interrupted,
        _ => Status::Error,
    };
    let mut result = lifecycle::common("demo", status, exit, None, Some(now), clock::millis_since(began), own);
    result.common.error = error;
    Ok(Ended { result, exit })
}

/// The report, or the run that failed or was interrupted by a signal.
async fn work(
    demo: &Demo<'_>,
    now: DateTime<Utc>,
    runs: &mut Runs,
    planted: Planted,
) -> Result<Result<DemoResult, Ended>, RunError> {
    let ended = lifecycle::run(demo.store, demo.signals, &demo.plan("decay", "players"), async |run| {
        decay::work(&demo.decay, run).await
    })
    .await;
    runs.decay = Some(ended.result.clone());
    if demo.must_stop(&ended) {
        return Ok(Err(ended));
    }
    // Read before the conversations are processed, because they can end games and schedule messages as well.
    let players = demo.store.after_decay().await?;
    let plan = demo.plan("recover", "conversations");
    let ended =
        lifecycle::run(demo.store, demo.signals, &plan, async |run| recover::work(&demo.recover, run).await).await;
    runs.recover = Some(ended.result.clone());
    if demo.must_stop(&ended) {
        return Ok(Err(ended));
    }
    let plan = demo.plan("scan-stuck", "records");
    let ended =
        lifecycle::run(demo.store, demo.signals, &plan, async |run| scan_stuck::work(&demo.scan, run).await).await;
    runs.scan = Some(ended.result.clone());
    if demo.must_stop(&ended) {
        return Ok(Err(ended));
    }
    loop {
        let plan = demo.plan("process-conversations", "conversations");
        let ended = lifecycle::run(demo.store, demo.signals, &plan, async |run| {
            process_conversations::work(&demo.process, demo.pipeline, run).await
        })
        .await;
        runs.process.push(ended.result.clone());
        if demo.must_stop(&ended) {
            return Ok(Err(ended));
        }
        // If this run could claim nothing, the next one would not either.
        let Own::Process(done) = &ended.result.own else { break };
        if done.deferred == 0 || is_idle(done) {
            break;
        }
    }
    Ok(Ok(story::tell(demo, now, planted, &players, std::mem::take(runs)).await?))
}

impl Demo<'_> {
    fn plan(&self, job: &'static str, unit: &'static str) -> Plan {
        Plan {
            job,
            unit,
            overlap: false,
            lease: self.lease,
            window: None,
            grace: Plan::GRACE,
            watch: None,
            execution: None,
        }
    }

    /// A failed conversation is expected; any other failure stops the demo.
    fn must_stop(&self, ended: &Ended) -> bool {
        self.signals.is_stopping() || !matches!(ended.exit, Exit::Success | Exit::Partial)
    }
}

/// Whether a run could do nothing with any conversation.
const fn is_idle(done: &ProcessResult) -> bool {
    done.processed + done.retrying + done.failed + done.released == 0
}

/// The result of a demo that did not finish.
fn unfinished(demo: &Demo<'_>, planted: Planted, runs: Runs) -> Box<AbortedDemo> {
    Box::new(AbortedDemo {
        database: demo.path.display().to_string(),
        planted,
        decay: runs.decay,
        recover: runs.recover,
        scan_stuck: runs.scan,
        runs: runs.process,
    })
}

/// Writes the sample as the application would have written it, with all times before `now`.
async fn plant(store: &Store, now: DateTime<Utc>) -> Result<Planted, RunError> {
    let players = sample::players();
    let conversations = sample::conversations();
    let new_players: Vec<_> = players
        .iter()
        .map(|it| NewPlayer {
            id: it.id,
            name: &it.name,
            telegram_id: it.telegram_id,
            score: it.score,
            chapter: it.chapter,
            game_status: &it.game_status,
            onboarding_status: &it.onboarding_status,
            timezone: &it.timezone,
            notifications_enabled: it.notifications_enabled,
            days_played: it.days_played,
            last_interaction_at: it.last_interaction.map(|ago| now - ago),
            metrics: it.metrics,
            vices: &it.vices,
            engagement_state: &it.engagement_state,
        })
        .collect();
    let new_conversations: Vec<_> = conversations
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let player = &players[it.player];
            NewConversation {
                // The same in every demo, so that documentation can quote its commands.
                id: Uuid::new_v5(&player.id.0, format!("conversation:{index}").as_bytes()),
                user: player.id,
                platform: &it.platform,
                messages: it.messages(now),
                started_at: now - it.started(),
                last_message_at: now - it.last_message,
                ended_at: it.ended.map(|ago| now - ago),
                score_delta: it.score_delta,
                chapter: player.chapter,
            }
        })
        .collect();
    store.plant(&new_players, &new_conversations).await?;
    // The oldest readable conversation, so that the demo shows how it is recovered and processed.
    if let Some(claimed) = new_conversations.iter().find(|it| it.messages.is_array()) {
        let crash = Crash {
            conversation: claimed.id,
            execution: ExecutionId(Uuid::new_v5(&claimed.id, b"execution")),
            audit: AuditId(Uuid::new_v5(&claimed.id, b"audit")),
            at: now - TimeDelta::minutes(40),
        };
        store.plant_crash(&crash).await?;
    }
    Ok(Planted { players: players.len(), conversations: conversations.len() })
}
