//! The commands by which an operator acts on failures: `failures`, `retry`, `why`.

use chrono::{DateTime, Utc};
use clap::ArgMatches;

use super::looking;
use super::looking::{looked, open};
use super::raw::{self, Problem};
use crate::clock;
use crate::config::parse;
use crate::core::stages::StageName;
use crate::domain::ids::ConversationId;
use crate::jobs::retry::{self, Which};
use crate::jobs::stats::before;
use crate::jobs::{failures, why};
use crate::run::lifecycle::{Ended, common};
use crate::store::failures::Chosen;

/// `failures`.
pub async fn failures(matches: &ArgMatches) -> Result<Ended, Problem> {
    let rows = raw::required(matches, "rows", |text| parse::count(text, 100_000))?;
    let chosen = chosen(matches)?;
    looked("failures", matches, async |store| failures::query(&chosen(store.now().await?), rows, store).await).await
}

/// `why`.
pub async fn why(matches: &ArgMatches) -> Result<Ended, Problem> {
    let settings = why::Settings {
        session_timeout: raw::required(matches, "session-timeout", parse::duration)?,
        rollout: raw::required(matches, "rollout-percent", parse::percent)?,
        batch: raw::required(matches, "batch", |text| parse::count(text, 1_000_000))?,
    };
    let ids = ids(matches)?;
    looked("why", matches, async |store| why::query(&settings, &ids, store).await).await
}

/// `retry`.
pub async fn retry(matches: &ArgMatches) -> Result<Ended, Problem> {
    let began = clock::start();
    let dry = raw::is_on(matches, "dry-run");
    let (ids, chosen) = (ids(matches)?, chosen(matches)?);
    let store = if dry { open(matches).await? } else { looking::writable(matches).await? };
    let started_at = store.now().await?;
    let which = if raw::is_on(matches, "failed") { Which::Failed(chosen(started_at)) } else { Which::These(ids) };
    let done = retry::work(&which, dry, &store).await;
    store.close().await;
    let done = done?;
    let mut result =
        common("retry", done.status, done.exit, None, Some(started_at), clock::millis_since(began), done.own);
    result.common.dry_run = dry;
    Ok(Ended { result, exit: done.exit })
}

/// Which failures, once the time is known.
fn chosen(matches: &ArgMatches) -> Result<impl Fn(DateTime<Utc>) -> Chosen, Problem> {
    let since = raw::value(matches, "since", parse::duration)?;
    let error = raw::text(matches, "error").map(str::to_owned);
    let stage = raw::value(matches, "stage", |text| {
        let known = StageName::ALL.iter().find(|stage| stage.as_str() == text);
        known.map(ToString::to_string).ok_or_else(|| "is no stage".to_owned())
    })?;
    Ok(move |now| Chosen { since: since.map(|since| before(now, since)), error: error.clone(), stage: stage.clone() })
}

fn ids(matches: &ArgMatches) -> Result<Vec<ConversationId>, Problem> {
    let texts = matches.get_many::<String>("ids").into_iter().flatten();
    texts.map(|text| text.parse().map_err(|_| Problem::Usage(format!("{text:?} is not an id, a UUID")))).collect()
}
