//! `why`: whether the next run takes a conversation, or charges a player, and the rule that decides it (spec 06). The rule comes from
//! the conditions of the claim and of decay, in SQL; here it only gets its words.

use super::look::Look;
use crate::domain::result::{WhyEntry, WhyResult};
use crate::run::error::RunError;
use crate::store::Store;
use crate::store::claims::Due;

mod conversation;
mod player;

pub use conversation::Pipeline;
pub use player::Decay;

/// As the next runs have it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How conversations are taken.
    pub pipeline: Pipeline,
    /// How players are charged.
    pub decay: Decay,
}

/// The command.
///
/// # Errors
/// [`RunError::Failed`] where an id is of neither a conversation nor a player, or of both.
pub async fn query(settings: &Settings, ids: &[String], store: &Store) -> Result<Look, RunError> {
    let pipeline = &settings.pipeline;
    let due = pipeline.due(store.now().await?);
    let mut decay = None;
    let mut entries = Vec::new();
    for id in ids {
        entries.push(match (find_conversation(pipeline, &due, id, store).await?, find_player(id, store).await?) {
            (Some(entry), None) => entry,
            (None, Some(player)) => {
                let order = match decay.take() {
                    Some(order) => order,
                    None => settings.decay.order(due.now, store).await?,
                };
                let entry = player::entry(&settings.decay, decay.insert(order), pipeline, &due, &player, store).await?;
                entry.ok_or_else(|| unknown(id))?
            }
            (None, None) => return Err(unknown(id)),
            (Some(_), Some(_)) => {
                let both = format!("{id} is the id of a conversation and of a player: it does not say which is meant");
                return Err(RunError::Failed(both));
            }
        });
    }
    Ok(Look::ok(WhyResult { entries }))
}

async fn find_conversation(
    pipeline: &Pipeline,
    due: &Due,
    typed: &str,
    store: &Store,
) -> Result<Option<WhyEntry>, RunError> {
    for id in store.spellings(typed) {
        if let Some(entry) = conversation::entry(pipeline, due, &id, store).await? {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// The id as the database has it.
async fn find_player(typed: &str, store: &Store) -> Result<Option<String>, RunError> {
    for id in store.spellings(typed) {
        if store.is_player(&id).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn unknown(id: &str) -> RunError {
    let odd = if id.parse::<uuid::Uuid>().is_err() { ", and it is no UUID" } else { "" };
    RunError::Failed(format!("there is neither a conversation nor a player {id:?}{odd}"))
}
