//! The commands with which an operator handles failures: `failures`, `retry`, `why`.

use chrono::{DateTime, Utc};
use clap::ArgMatches;

use super::args::common::{DRY_RUN, SESSION_TIMEOUT};
use super::args::failures::Choice;
use super::args::retry::{CHOICE, FAILED};
use super::args::setting::Positional;
use super::looking::{self, looked, open};
use super::raw::Problem;
use super::{args, compose};
use crate::clock;
use crate::domain::ids::ConversationId;
use crate::jobs::retry::{self, Which};
use crate::jobs::stats::before;
use crate::jobs::{failures, why};
use crate::run::lifecycle::{Ended, common};
use crate::store::failures::Chosen;

/// `failures`.
pub async fn failures(matches: &ArgMatches) -> Result<Ended, Problem> {
    let rows = args::failures::ROWS.read(matches)?;
    let chosen = chosen(matches, &args::failures::CHOICE)?;
    looked("failures", matches, async |store| failures::query(&chosen(store.now().await?), rows, store).await).await
}

/// `why`.
pub async fn why(matches: &ArgMatches) -> Result<Ended, Problem> {
    let pipeline = why::Pipeline {
        session_timeout: SESSION_TIMEOUT.read(matches)?,
        rollout: compose::rollout(matches)?,
        batch: i64::try_from(args::process::BATCH.read(matches)?).unwrap_or(i64::MAX),
    };
    let decay = why::Decay { rules: compose::decay_rules(matches)?, batch: args::why::DECAY_BATCH.find(matches)? };
    let settings = why::Settings { pipeline, decay };
    let ids: Vec<_> = args::why::IDS.texts(matches).map(str::to_owned).collect();
    looked("why", matches, async |store| why::query(&settings, &ids, store).await).await
}

/// `retry`.
pub async fn retry(matches: &ArgMatches) -> Result<Ended, Problem> {
    let began = clock::start();
    let dry = DRY_RUN.is_on(matches);
    let ids = ids(matches, args::retry::IDS)?;
    let all = ids.is_empty() && FAILED.is_on(matches);
    if ids.is_empty() && !all {
        return Err(Problem::Usage("it needs the conversations' ids, or --failed".to_owned()));
    }
    if !ids.is_empty() && FAILED.is_typed(matches) {
        return Err(Problem::Usage("--failed is in place of ids: leave out one of them".to_owned()));
    }
    CHOICE.need(matches, "--failed", all)?;
    let chosen = chosen(matches, &CHOICE)?;
    let store = if dry { open(matches).await? } else { looking::writable(matches).await? };
    let started_at = store.now().await?;
    let which = if all { Which::Failed(chosen(started_at)) } else { Which::These(ids) };
    let done = retry::work(&which, dry, &store).await;
    store.close().await;
    let done = done?;
    let mut result =
        common("retry", done.status, done.exit, None, Some(started_at), clock::millis_since(began), done.own);
    result.common.dry_run = dry;
    Ok(Ended { result: looking::at(&store, result), exit: done.exit })
}

/// The choice of failures. `--since` counts back from the database's clock, so it waits for that time.
fn chosen(matches: &ArgMatches, choice: &Choice) -> Result<impl Fn(DateTime<Utc>) -> Chosen, Problem> {
    let since = choice.since.find(matches)?;
    let (error, stage) = (choice.error.find(matches)?, choice.stage.find(matches)?);
    Ok(move |now| Chosen { since: since.map(|since| before(now, since)), error: error.clone(), stage: stage.clone() })
}

fn ids(matches: &ArgMatches, ids: Positional) -> Result<Vec<ConversationId>, Problem> {
    ids.texts(matches)
        .map(|text| text.parse().map_err(|_| Problem::Usage(format!("{text:?} is not a conversation's id, a UUID"))))
        .collect()
}
