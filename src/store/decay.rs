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

use chrono::{DateTime, TimeDelta, Utc};

use super::codec::{DbPoints, DbTime};
use super::read::row;
use super::retry::retrying;
use super::session::{Tx, fetch_one, fetch_optional};
use super::{Result, Store, sql};
use crate::core::decay::{NEVER_INTERACTED, Rules, WARN_BELOW, WARN_EVERY};
use crate::domain::points::Points;

mod charge;

use charge::{charge_postgres, charge_sqlite};

/// What a run of decay works by.
#[derive(Clone, Debug)]
pub struct DecayOrder {
    /// The run's time, to which everything is charged.
    pub now: DateTime<Utc>,
    /// Graces, rates and the cap.
    pub rules: Rules,
    /// When another program charged all that was due until then; nothing from before is charged again.
    pub not_before: Option<DateTime<Utc>>,
    /// With a cap on players: the last one whose turn it is, by when their debt begins.
    pub until: Option<Turn>,
    /// The goodbye of a player who loses.
    pub goodbye: &'static str,
    /// The warning to a player who falls low.
    pub warning: &'static str,
    /// What that warning is about, for the application.
    pub warned_of: &'static str,
}

/// A player's place in the queue of a capped run: by when their debt begins, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    begins: DateTime<Utc>,
    player: String,
}

/// What a chunk, or a whole run, did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decayed {
    /// Eligible players looked at.
    pub processed: i64,
    /// Players charged.
    pub decayed: i64,
    /// Players who lost.
    pub game_overs: i64,
    /// Players warned.
    pub warned: i64,
    /// Players whose score, chapter or times can't be read: passed over.
    pub unreadable: i64,
    /// What was taken in all.
    pub points: Points,
}

impl Decayed {
    /// Adds a chunk to a run.
    pub fn add(&mut self, chunk: &Self) {
        self.processed += chunk.processed;
        self.decayed += chunk.decayed;
        self.game_overs += chunk.game_overs;
        self.warned += chunk.warned;
        self.unreadable += chunk.unreadable;
        self.points = self.points + chunk.points;
    }
}

row! {
    struct Sums {
        processed: i64,
        unreadable: i64,
        decayed: i64,
        game_overs: i64,
        warned: i64,
        points: Option<DbPoints>,
    }
}

impl From<Sums> for Decayed {
    fn from(sums: Sums) -> Self {
        Self {
            processed: sums.processed,
            decayed: sums.decayed,
            game_overs: sums.game_overs,
            warned: sums.warned,
            unreadable: sums.unreadable,
            points: sums.points.map_or(Points::ZERO, |it| it.0),
        }
    }
}

/// Where a chunk begins: at an id on PostgreSQL, at a row on SQLite.
#[derive(Clone, Debug)]
pub struct Cursor {
    id: String,
    row: i64,
}

impl Default for Cursor {
    /// The beginning.
    fn default() -> Self {
        Self::of_id(uuid::Uuid::nil())
    }
}

impl Cursor {
    fn of_id(id: uuid::Uuid) -> Self {
        Self { id: id.to_string(), row: i64::MIN }
    }

    /// Behind this id; none where there is no other. (PostgreSQL has no `max(id)` for uuid before version 18.)
    fn behind(id: &str) -> Option<Self> {
        let id: uuid::Uuid = id.parse().ok()?;
        id.as_u128().checked_add(1).map(|next| Self::of_id(uuid::Uuid::from_u128(next)))
    }

    fn behind_row(row: i64) -> Option<Self> {
        row.checked_add(1).map(|row| Self { row, ..Self::default() })
    }
}

const fn us(span: TimeDelta) -> i64 {
    match span.num_microseconds() {
        Some(us) => us,
        None => i64::MAX,
    }
}

impl DecayOrder {
    fn rule_numbers(&self) -> [i64; 10] {
        std::array::from_fn(|i| {
            let chapter = self.rules.chapters[i / 2];
            us(if i % 2 == 0 { chapter.grace } else { chapter.step })
        })
    }

    fn not_before(&self) -> Option<DbTime> {
        self.not_before.map(DbTime)
    }

    fn turn(&self) -> (Option<DbTime>, Option<&str>) {
        self.until.as_ref().map(|turn| (DbTime(turn.begins), turn.player.as_str())).unzip()
    }

    /// Around the run's time, the span in which a player is warned once.
    fn quiet(&self) -> (DbTime, DbTime) {
        (DbTime(self.now - WARN_EVERY), DbTime(self.now + WARN_EVERY))
    }
}

/// Binds the rules' numbers, the run's time and where charges may begin, in front of a statement's own parameters.
macro_rules! with_rules {
    ($run:ident, $tx:expr, $row:ty, $order:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        let r = $order.rule_numbers();
        $run!(
            $tx, $row, $sql, r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9],
            DbTime($order.now), us(NEVER_INTERACTED), $order.not_before() $(, $arg)*
        )
    }};
}
use with_rules;

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
