//! Charging decay: chunks of players, each chunk one short transaction (spec 03). The order is that of the ids on PostgreSQL:
//! a chunk's rows are spread over the whole table, so that most new versions find room on the page of the old one (HOT). On
//! SQLite it is that of the table, whose pages are then written once.
//!
//! The arithmetic is [`crate::core::decay`]'s, in SQL. On PostgreSQL a chunk is one statement: it finds the next players, locks
//! the overdue, computes from the locked rows, and writes scores, history and messages together. A row that the application is writing
//! at that moment is passed over, so neither side ever waits for the other or deadlocks; its hours stay due, and the next
//! run charges them. On SQLite, where writers take turns, the overdue rows of a chunk are set down in a temporary table
//! that the same few statements read.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::codec::{DbId, DbPoints, DbTime};
use super::read::row;
use super::session::{Tx, fetch_one, fetch_optional};
use super::{Result, Store};
use crate::core::decay::Rules;
use crate::domain::points::Points;

mod charge;
mod rules;

use charge::{charge_postgres, charge_sqlite};
use rules::{begins, eligible, grace, in_turn, overdue, owes, step, unreadable, us, with_rules};

/// What a run of decay works by.
#[derive(Clone, Debug)]
pub struct DecayOrder {
    /// The run's time, to which everything is charged.
    pub now: DateTime<Utc>,
    /// Graces, rates and the cap.
    pub rules: Rules,
    /// How many players a transaction looks at.
    pub chunk: i64,
    /// With a cap on players: the last one whose turn it is, by when their debt begins.
    pub until: Option<Turn>,
    /// The goodbye of a player who loses.
    pub goodbye: &'static str,
    /// The warning to a player who falls low.
    pub warning: &'static str,
}

/// A player's place in the queue of a capped run: by when their debt begins, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    begins: DateTime<Utc>,
    player: Uuid,
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
    /// Players whose score is missing or below 0, or whose chapter is not 1 to 5: passed over.
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
        decayed: i64,
        game_overs: i64,
        warned: i64,
        points: Option<DbPoints>,
    }
}

row! {
    /// The eligible players of a chunk, counted, and the row of the last.
    struct Page {
        processed: i64,
        unreadable: i64,
        last: Option<i64>,
    }
}

/// Where a chunk begins: at an id on PostgreSQL, at a row on SQLite.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    id: Uuid,
    row: i64,
}

impl Default for Cursor {
    /// The beginning.
    fn default() -> Self {
        Self { id: Uuid::nil(), row: i64::MIN }
    }
}

impl DecayOrder {
    fn rule_numbers(&self) -> [i64; 10] {
        let us = |span: chrono::TimeDelta| span.num_microseconds().unwrap_or(i64::MAX);
        std::array::from_fn(|i| {
            let chapter = self.rules.chapters[i / 2];
            us(if i % 2 == 0 { chapter.grace } else { chapter.step })
        })
    }
}

impl Store {
    /// How many players a run looks at.
    pub async fn count_eligible(&self) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let sql = concat!("select count(*) from users u where ", eligible!());
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql);
        tx.rollback().await?;
        Ok(count)
    }

    /// How many eligible players owe at least a step.
    pub async fn count_overdue(&self, order: &DecayOrder) -> Result<i64> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!("select count(*) from (", overdue!(pg, "users u where "), ") it"),
            concat!("select count(*) from (", overdue!(sqlite, ""), ") it"),
        );
        let (count,): (i64,) = with_rules!(fetch_one, &mut tx, _, order, sql);
        tx.rollback().await?;
        Ok(count)
    }

    /// The last turn of a run that may charge `most` players: the longest overdue first, so that no player waits for ever.
    /// `None` where fewer are overdue.
    pub async fn last_turn(&self, order: &DecayOrder, most: i64) -> Result<Option<Turn>> {
        let mut tx = self.begin_read().await?;
        let sql = tx.pick(
            concat!(
                "select begins, id from (",
                overdue!(pg, "users u where "),
                ") it order by begins, id offset $12 limit 1"
            ),
            concat!(
                "select strftime('%Y-%m-%dT%H:%M:%S', begins / 1000000, 'unixepoch') \
                     || printf('.%06dZ', begins % 1000000), id from (",
                overdue!(sqlite, ""),
                ") it order by begins, id limit 1 offset $12"
            ),
        );
        let turn: Option<(DbTime, DbId)> = with_rules!(fetch_optional, &mut tx, _, order, sql, most - 1);
        tx.rollback().await?;
        Ok(turn.map(|(begins, player)| Turn { begins: begins.0, player: player.0 }))
    }

    /// What a run would take, without taking it.
    pub async fn preview_decay(&self, order: &DecayOrder) -> Result<Decayed> {
        let mut tx = self.begin_read().await?;
        let sql = concat!(
            "select count(*) as processed, count(*) filter (where ",
            unreadable!(),
            ") as unreadable, cast(null as bigint) as last from users u where ",
            eligible!()
        );
        let page = fetch_one!(&mut tx, Page, sql);
        let sql = tx.pick(
            concat!(
                "with owed as (select before, least(least(steps, $12) * 0.01, before) as amount from (",
                overdue!(pg, "users u where "), " and ", in_turn!(pg, "$13", "$14"), ") it) \
                 select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
                     count(*) filter (where before >= 40 and before - amount < 40 and before > amount) as warned, \
                     sum(amount) as points from owed"
            ),
            concat!(
                "with owed as (select before, min(steps, $12, before) as amount from (",
                overdue!(sqlite, ""), " and ", in_turn!(sqlite, "$13", "$14"), ") it) \
                 select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
                     count(*) filter (where before >= 4000 and before - amount < 4000 and before > amount) as warned, \
                     sum(amount) / 100.0 as points from owed"
            ),
        );
        let (begins, player) = order.turn();
        let sums: Sums = with_rules!(fetch_one, &mut tx, _, order, sql, order.rules.most_per_run.0, begins, player);
        tx.rollback().await?;
        Ok(sums.of(page.processed, page.unreadable))
    }

    /// Charges the overdue among the next `order.chunk` eligible players from `from` on, in one transaction. What was done, and
    /// where to go on; none after the last chunk.
    pub async fn charge_chunk(&self, order: &DecayOrder, from: Cursor) -> Result<(Decayed, Option<Cursor>)> {
        let mut tx = self.begin_write().await?;
        let (done, next) = match tx {
            Tx::Pg(_) => charge_postgres(&mut tx, order, from.id).await?,
            Tx::Sqlite(_) => charge_sqlite(&mut tx, order, from.row).await?,
        };
        if done.processed == 0 {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        Ok((done, next.filter(|_| done.processed == order.chunk)))
    }
}

impl DecayOrder {
    fn turn(&self) -> (Option<DbTime>, Option<DbId>) {
        self.until.map(|turn| (DbTime(turn.begins), DbId(turn.player))).unzip()
    }
}

impl Sums {
    fn of(&self, processed: i64, unreadable: i64) -> Decayed {
        Decayed {
            processed,
            decayed: self.decayed,
            game_overs: self.game_overs,
            warned: self.warned,
            unreadable,
            points: self.points.map_or(Points::ZERO, |it| it.0),
        }
    }
}
