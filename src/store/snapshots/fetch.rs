//! Sends the queries of a snapshot: on PostgreSQL all in one statement, and so in one round trip, each as a list in JSON; on
//! SQLite, where there is nothing to be saved, one after another. The rows are the same.

use std::fmt::Write;
use std::sync::LazyLock;

use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use super::rows::{
    DayRow, DecayRow, FactRow, LifeEventRow, MoodRow, NoteRow, PlayerRow, SummaryRow, TouchpointRow, ViceRow,
};
use crate::domain::snapshot::Snapshot;
use crate::store::Result;
use crate::store::codec::{DbDate, DbIds, DbTime};
use crate::store::session::Tx;

/// A query in its two dialects.
pub(super) struct Part {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

/// The parameters of all of them, in their order.
pub(super) struct Asked {
    pub users: DbIds,
    pub now: DbTime,
    pub facts: DbIds,
    pub threads: DbIds,
    pub thoughts: DbIds,
    pub events_since: DbDate,
    pub decay_since: DbTime,
}

/// One list for each part, a field of [`Rows`], and how each is fetched.
macro_rules! parts {
    ($($field:ident: $row:ty = $part:ident),* $(,)?) => {
        /// The rows of all players asked for.
        pub(super) struct Rows {
            $(pub $field: Vec<$row>),*
        }

        static FOLDED: LazyLock<String> = LazyLock::new(|| fold(&[$(super::$part.postgres),*]));

        pub(super) async fn fetch(tx: &mut Tx, asked: &Asked) -> Result<Rows> {
            match tx {
                Tx::Pg(conn) => {
                    let query = sqlx::query_as(AssertSqlSafe(FOLDED.as_str()))
                        .bind(asked.users.clone())
                        .bind(asked.now)
                        .bind(asked.facts.clone())
                        .bind(asked.threads.clone())
                        .bind(asked.thoughts.clone())
                        .bind(asked.events_since)
                        .bind(asked.decay_since)
                        .bind(Snapshot::MOST_FACTS)
                        .bind(Snapshot::MOST_NOTES)
                        .persistent(conn.keeps_statements());
                    let ($($field,)*): ($(Json<Vec<$row>>,)*) = query.fetch_one(conn.connection()).await?;
                    Ok(Rows { $($field: $field.0),* })
                }
                Tx::Sqlite(conn) => Ok(Rows {
                    $($field: sqlx::query_as(super::$part.sqlite)
                        .bind(asked.users.clone())
                        .bind(asked.now)
                        .bind(asked.facts.clone())
                        .bind(asked.threads.clone())
                        .bind(asked.thoughts.clone())
                        .bind(asked.events_since)
                        .bind(asked.decay_since)
                        .bind(Snapshot::MOST_FACTS)
                        .bind(Snapshot::MOST_NOTES)
                        .fetch_all(conn.connection())
                        .await?),*
                }),
            }
        }
    };
}

parts! {
    players: PlayerRow = PLAYERS,
    vices: ViceRow = VICES,
    facts: FactRow = FACTS,
    threads: NoteRow = THREADS,
    thoughts: NoteRow = THOUGHTS,
    life_events: LifeEventRow = LIFE_EVENTS,
    moods: MoodRow = MOODS,
    touchpoints: TouchpointRow = TOUCHPOINTS,
    days: DayRow = DAYS,
    decay: DecayRow = DECAY,
    summaries: SummaryRow = SUMMARIES,
}

fn fold(parts: &[&str]) -> String {
    let mut sql = String::from("select");
    for (place, part) in parts.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // A list keeps the order in which its rows come.
        let _ = write!(sql, "{comma} (select coalesce(json_agg(q), '[]') from ({part}) q)");
    }
    sql
}
