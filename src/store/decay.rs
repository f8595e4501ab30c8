//! Charging decay in chunks of players, each one short transaction (spec 03). On PostgreSQL, chunks follow the order of ids: this spreads
//! a chunk's rows over the whole table, so that most new row versions fit on the old one's page (HOT). On SQLite they follow the
//! order of the table, so that each page is written once.
//!
//! The SQL implements the arithmetic of [`crate::core::decay`] and gets its numbers as parameters. On PostgreSQL a chunk is one
//! statement: it finds the next players, locks the overdue ones, computes from the locked rows, and writes scores, history and messages
//! together. It passes over a row that the application is writing at that moment, so that neither side waits for the other or
//! deadlocks; the next run charges that row. On SQLite, which has one writer at a time, a chunk's overdue rows go into a temporary
//! table that a few statements read.
//!
//! A player with an unreadable value (`[unreadable]`) is counted and passed over, so that no value fails a statement. If the database
//! refuses a chunk all the same, `jobs::decay` finds the player by halving it.

use chrono::{DateTime, Utc};

use super::codec::DbTime;
use super::read::{Oddities, Read};
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
    /// How many players are eligible for decay.
    pub async fn count_eligible(&self) -> Result<i64> {
        let mut tx = self.begin_long_read().await?;
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql::COUNT_ELIGIBLE);
        tx.rollback().await?;
        Ok(count)
    }

    /// When another program last completed a decay, between `since` and `until`. Later times are not believed.
    pub async fn latest_foreign_completion(
        &self,
        job: &str,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>> {
        let mut tx = self.autocommit().await?;
        let row: Option<(Read<DbTime>,)> =
            fetch_optional!(&mut tx, _, sql::LATEST_FOREIGN_COMPLETION, job, DbTime(since), DbTime(until));
        tx.rollback().await?;
        let mut odd = Oddities::default();
        let at = row.and_then(|(at,)| odd.need("job_executions.completed_at", at));
        odd.tell();
        Ok(at.map(|at| at.0))
    }

    /// How many eligible players are overdue by at least a step.
    pub async fn count_overdue(&self, order: &DecayOrder) -> Result<i64> {
        let mut tx = self.begin_long_read().await?;
        let (count,): (i64,) = with_rules!(fetch_one, &mut tx, _, order, sql::COUNT_OVERDUE);
        tx.rollback().await?;
        Ok(count)
    }

    /// The last turn of a run that charges at most `most` players, the longest overdue first, so that no player waits forever.
    /// `None` if fewer are overdue.
    pub async fn last_turn(&self, order: &DecayOrder, most: i64) -> Result<Option<Turn>> {
        let mut tx = self.begin_long_read().await?;
        let turn: Option<(DbTime, String)> = with_rules!(fetch_optional, &mut tx, _, order, sql::LAST_TURN, most - 1);
        tx.rollback().await?;
        Ok(turn.map(|(begins, player)| Turn { begins: begins.0, player }))
    }

    /// What a run would charge.
    pub async fn preview_decay(&self, order: &DecayOrder) -> Result<Decayed> {
        let mut tx = self.begin_long_read().await?;
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

    /// Charges the overdue among the next `most` eligible players from `from` on, in one transaction. Returns what was done and where to
    /// continue; none after the last player.
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
                // At once, because the next statement would pass over rows that this transaction still locks.
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

    /// The id of the next eligible player, as stored, and where to continue; `None` if there is no other.
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
