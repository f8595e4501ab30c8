//! What the application knows about players besides the game, if it has tables for it (spec 09): profile, backstory, psyche.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use crate::domain::player::Background;
use crate::store::codec::{DbId, DbIds, DbJson};
use crate::store::read::{FromText, Oddities, Read, row};
use crate::store::session::{Tx, fetch_all, fetch_one};
use crate::store::sql::postgres;
use crate::store::{Result, Store};

/// The most characters that are read of a text.
const MOST_CHARS: usize = 400;
/// The most texts that are read of a psyche.
const MOST_PSYCHE: usize = 8;

/// Our names with the application's columns.
const PROFILE: [(&str, &str); 4] =
    [("name", "name"), ("occupation", "occupation"), ("city", "location_city"), ("interest", "primary_interest")];
const BACKSTORY: [(&str, &str); 4] = [
    ("venue", "venue_name"),
    ("how_we_met", "how_we_met"),
    ("the_moment", "the_moment"),
    ("unresolved_hook", "unresolved_hook"),
];

row! {
    struct KnownRow {
        user_id: Read<String>,
        known: Read<String>,
    }
}

impl Store {
    /// By player, without players about whom nothing is known. Never on SQLite, because the application uses PostgreSQL.
    pub(super) async fn backgrounds(&self, users: &DbIds) -> Result<HashMap<Uuid, Background>> {
        let (profiles, backstories, psyches) = *self.found.background.get_or_try_init(|| self.has_background()).await?;
        let mut all: HashMap<Uuid, Background> = HashMap::new();
        if !(profiles || backstories || psyches) {
            return Ok(all);
        }
        let mut tx = self.read_at_once().await?;
        if profiles {
            let rows: Vec<KnownRow> = fetch_all!(&mut tx, _, postgres::PLAYER_PROFILE, users.clone());
            each(rows, "user_profiles", |user, known| all.entry(user).or_default().profile = named(&known, PROFILE));
        }
        if backstories {
            let rows: Vec<KnownRow> = fetch_all!(&mut tx, _, postgres::PLAYER_BACKSTORY, users.clone());
            let backstory = |user, known: Value| all.entry(user).or_default().backstory = named(&known, BACKSTORY);
            each(rows, "user_backstories", backstory);
        }
        if psyches {
            let rows: Vec<KnownRow> = fetch_all!(&mut tx, _, postgres::PLAYER_PSYCHE, users.clone());
            each(rows, "psyche_states", |user, known| all.entry(user).or_default().psyche = psyche(&known));
        }
        tx.commit().await?;
        Ok(all)
    }

    async fn has_background(&self) -> Result<(bool, bool, bool)> {
        let mut tx = self.autocommit().await?;
        if let Tx::Sqlite(_) = tx {
            return Ok((false, false, false));
        }
        let there = fetch_one!(&mut tx, _, postgres::HAS_BACKGROUND);
        tx.commit().await?;
        Ok(there)
    }
}

fn each(rows: Vec<KnownRow>, column: &'static str, mut with: impl FnMut(Uuid, Value)) {
    let mut odd = Oddities::default();
    for row in rows {
        let user = odd.need(column, row.user_id).and_then(|id| DbId::from_text(&id));
        let known = odd.some(column, row.known).and_then(|text| DbJson::from_text(&text));
        if let Some((user, known)) = user.zip(known) {
            with(user.0, known.0);
        }
    }
    odd.tell();
}

fn named<const N: usize>(known: &Value, names: [(&'static str, &str); N]) -> Vec<(&'static str, String)> {
    let text = |(ours, theirs): (&'static str, &str)| Some((ours, short(known.get(theirs)?.as_str()?)?));
    names.into_iter().filter_map(text).collect()
}

/// The texts of an object, with the application's names.
fn psyche(state: &Value) -> Vec<(String, String)> {
    let text = |(name, value): (&String, &Value)| Some((name.replace('_', " "), short(value.as_str()?)?));
    state.as_object().into_iter().flatten().filter_map(text).take(MOST_PSYCHE).collect()
}

fn short(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(MOST_CHARS).collect();
    (!text.is_empty()).then_some(text)
}
