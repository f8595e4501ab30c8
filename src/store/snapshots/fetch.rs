//! Runs the statements of a snapshot: on PostgreSQL a single one, to save round trips, with each part as a JSON list; on SQLite, which has
//! no round trips, one after another. The rows are the same.

use sqlx::types::Json;

use super::rows::{
    DayRow, DecayRow, FactRow, LifeEventRow, MoodRow, NoteRow, PlayerRow, SummaryRow, TouchpointRow, ViceRow,
};
use crate::domain::snapshot::Snapshot;
use crate::store::codec::{DbDate, DbIds, DbTime};
use crate::store::read::row;
use crate::store::session::{Tx, fetch_all, fetch_one};
use crate::store::sql::{postgres, sqlite};
use crate::store::{Result, Store};

/// The parameters.
pub(super) struct Asked {
    pub users: DbIds,
    pub now: DbTime,
    /// Rows that earlier processings of the same conversations created.
    pub own_facts: DbIds,
    pub own_threads: DbIds,
    pub own_thoughts: DbIds,
    pub events_since: DbDate,
    pub decay_since: DbTime,
}

row! {
    /// The rows of all these players.
    pub(super) struct Rows {
        pub players: Json<Vec<PlayerRow>>,
        pub vices: Json<Vec<ViceRow>>,
        pub facts: Json<Vec<FactRow>>,
        pub threads: Json<Vec<NoteRow>>,
        pub thoughts: Json<Vec<NoteRow>>,
        pub life_events: Json<Vec<LifeEventRow>>,
        pub moods: Json<Vec<MoodRow>>,
        pub touchpoints: Json<Vec<TouchpointRow>>,
        pub days: Json<Vec<DayRow>>,
        pub decay: Json<Vec<DecayRow>>,
        pub summaries: Json<Vec<SummaryRow>>,
    }
}

impl Store {
    pub(super) async fn snapshot_rows(&self, asked: &Asked) -> Result<Rows> {
        let mut tx = self.read_at_once().await?;
        let rows = match tx {
            Tx::Pg(_) => on_postgres(&mut tx, asked).await?,
            Tx::Sqlite(_) => on_sqlite(&mut tx, asked).await?,
        };
        tx.commit().await?;
        Ok(rows)
    }
}

async fn on_postgres(tx: &mut Tx, asked: &Asked) -> Result<Rows> {
    Ok(fetch_one!(
        tx,
        Rows,
        postgres::SNAPSHOT,
        asked.users.clone(),
        asked.now,
        asked.own_facts.clone(),
        asked.own_threads.clone(),
        asked.own_thoughts.clone(),
        asked.events_since,
        asked.decay_since,
        Snapshot::MOST_FACTS,
        Snapshot::MOST_NOTES,
        Snapshot::MOST_DAYS
    ))
}

async fn on_sqlite(tx: &mut Tx, asked: &Asked) -> Result<Rows> {
    let users = || asked.users.clone();
    let (facts, notes, days) = (Snapshot::MOST_FACTS, Snapshot::MOST_NOTES, Snapshot::MOST_DAYS);
    let (own_facts, own_threads) = (asked.own_facts.clone(), asked.own_threads.clone());
    let own_thoughts = asked.own_thoughts.clone();
    Ok(Rows {
        players: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_PLAYERS, users())),
        vices: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_VICES, users())),
        facts: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_FACTS, users(), own_facts, facts)),
        threads: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_THREADS, users(), own_threads, notes)),
        thoughts: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_THOUGHTS, users(), asked.now, own_thoughts, notes)),
        life_events: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_LIFE_EVENTS, users(), asked.events_since)),
        moods: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_MOODS, users())),
        touchpoints: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_TOUCHPOINTS, users())),
        days: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_DAYS, users(), days)),
        decay: Json(fetch_all!(&mut *tx, _, sqlite::SNAPSHOT_DECAY, users(), asked.decay_since)),
        summaries: Json(fetch_all!(tx, _, sqlite::SNAPSHOT_SUMMARIES, users())),
    })
}
