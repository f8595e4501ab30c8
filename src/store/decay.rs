//! Charging decay: chunks of players, each chunk one short transaction (spec 03). The order is that of the ids on PostgreSQL:
//! a chunk's rows are spread over the whole table, so that most new versions find room on the page of the old one (HOT). On
//! SQLite it is that of the table, whose pages are then written once.
//!
//! The arithmetic is [`crate::core::decay`]'s, in SQL, and its numbers are bound. On PostgreSQL a chunk is one statement: it finds the
//! next players, locks the overdue, computes from the locked rows, and writes scores, history and messages together. A row that the
//! application is writing at that moment is passed over, so neither side ever waits for the other or deadlocks; its hours stay due, and
//! the next run charges them. On SQLite, where writers take turns, the overdue rows of a chunk are set down in a temporary table
//! that the same few statements read.
//!
//! A player who can't be read (`[unreadable]`) is counted and passed over. No statement here meets a value that fails it; what the
//! database refuses is found by halving, in `jobs::decay`.

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::retry::retrying;
use super::session::{Tx, fetch_one, fetch_optional};
use super::{Result, Store, sql};
use crate::core::decay::WARN_BELOW;

mod charge;
mod order;

use charge::{charge_postgres, charge_sqlite};
use order::Sums;
pub use order::{Cursor, DecayOrder, Decayed, Turn};
pub(super) use order::{us, with_rules};

impl Store {
    /// How many players a run looks at.
    pub async fn count_eligible(&self) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql::COUNT_ELIGIBLE);
        tx.rollback().await?;
        Ok(count)
    }

    /// When another program completed a decay last: between `since` and `until`, which is as far as it is believed.
    pub async fn latest_foreign_completion(
        &self,
        job: &str,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.autocommit().await?;
        let at: Option<(DbTime,)> =
            fetch_optional!(&mut tx, _, sql::LATEST_FOREIGN_COMPLETION, job, DbTime(since), DbTime(until));
        tx.rollback().await?;
        Ok(at.map(|(at,)| at.0))
    }

    /// How many eligible players owe at least a step.
    pub async fn count_overdue(&self, order: &DecayOrder) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let (count,): (i64,) = with_rules!(fetch_one, &mut tx, _, order, sql::COUNT_OVERDUE);
        tx.rollback().await?;
        Ok(count)
    }

    /// The last turn of a run that may charge `most` players: the longest overdue first, so that no player waits for ever.
    /// `None` where fewer are overdue.
    pub async fn last_turn(&self, order: &DecayOrder, most: i64) -> Result<Option<Turn>> {
        let mut tx = self.begin_read().await?;
        let turn: Option<(DbTime, String)> = with_rules!(fetch_optional, &mut tx, _, order, sql::LAST_TURN, most - 1);
        tx.rollback().await?;
        Ok(turn.map(|(begins, player)| Turn { begins: begins.0, player }))
    }

    /// What a run would take, without taking it.
    pub async fn preview_decay(&self, order: &DecayOrder) -> Result<Decayed> {
        let mut tx = self.begin_read().await?;
        let (begins, player) = order.turn();
        let (since, until) = order.quiet();
        let sums: Sums = with_rules!(
            fetch_one,
            &mut tx,
            _,
            order,
            sql::DECAY_PREVIEW,
            order.rules.most_per_run.0,
            begins,
            player,
            WARN_BELOW.0,
            since,
            until
        );
        tx.rollback().await?;
        Ok(sums.into())
    }

    /// Charges the overdue among the next `most` eligible players from `from` on, in one transaction. What was done, and
    /// where to go on; none after the last.
    pub async fn charge_chunk(
        &self,
        order: &DecayOrder,
        from: &Cursor,
        most: i64,
    ) -> Result<(Decayed, Option<Cursor>)> {
        retrying(|| self.try_charge_chunk(order, from, most)).await
    }

    async fn try_charge_chunk(
        &self,
        order: &DecayOrder,
        from: &Cursor,
        most: i64,
    ) -> Result<(Decayed, Option<Cursor>)> {
        let mut tx = self.begin_write().await?;
        let charged = match tx {
            Tx::Pg(_) => charge_postgres(&mut tx, order, from, most).await,
            Tx::Sqlite(_) => charge_sqlite(&mut tx, order, from, most).await,
        };
        let (done, next) = match charged {
            Ok(charged) => charged,
            Err(error) => {
                // At once: the next statement passes over rows that this one still holds.
                let _ = tx.rollback().await;
                return Err(error);
            }
        };
        if done.processed == 0 {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        Ok((done, next.filter(|_| done.processed == most)))
    }

    /// The next eligible player, as the database has the id, and where to go on behind; `None` where there is no other.
    pub async fn next_player(&self, from: &Cursor) -> Result<Option<(String, Option<Cursor>)>> {
        let mut tx = self.begin_read().await?;
        let found = match tx {
            Tx::Pg(_) => {
                let id: Option<(String,)> = fetch_optional!(&mut tx, _, sql::DECAY_PLAYER, &from.id);
                id.map(|(id,)| (Cursor::behind(&id), id))
            }
            Tx::Sqlite(_) => {
                let row: Option<(String, i64)> = fetch_optional!(&mut tx, _, sql::DECAY_PLAYER, from.row);
                row.map(|(id, row)| (Cursor::behind_row(row), id))
            }
        };
        tx.rollback().await?;
        Ok(found.map(|(next, id)| (id, next)))
    }
}
