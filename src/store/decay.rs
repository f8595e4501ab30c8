//! Charging decay: chunks of players in the order of their ids, each chunk one short transaction (spec 03).
//!
//! The arithmetic is [`crate::core::decay`]'s, in SQL. On PostgreSQL a chunk is one statement: it locks the overdue rows,
//! computes from the locked rows, and writes scores, history and messages together. A row that the application is writing
//! at that moment is passed over, so neither side ever waits for the other or deadlocks; its hours stay due, and the next
//! run charges them. On SQLite, where writers take turns, the overdue rows of a chunk are set down in a temporary table
//! that the same few statements read.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::codec::{DbId, DbPoints, DbTime};
use super::session::{Tx, fetch_one, fetch_optional};
use super::{Result, Store};
use crate::core::decay::Rules;
use crate::domain::points::Points;

mod charge;
mod rules;

use charge::{charge_postgres, charge_sqlite};
use rules::{begins, eligible, overdue, rules, us, with_rules};

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

#[derive(FromRow)]
struct Sums {
    decayed: i64,
    game_overs: i64,
    warned: i64,
    points: Option<DbPoints>,
}

#[derive(FromRow)]
struct Page {
    processed: i64,
    unreadable: i64,
    last: Option<DbId>,
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
        let mut tx = self.begin_reading().await?;
        let sql = concat!("select count(*) from users u where ", eligible!());
        let (count,): (i64,) = fetch_one!(&mut tx, _, sql);
        tx.rollback().await?;
        Ok(count)
    }

    /// How many eligible players owe at least a step.
    pub async fn count_overdue(&self, order: &DecayOrder) -> Result<i64> {
        let mut tx = self.begin_reading().await?;
        let sql = tx.pick(
            concat!("with ", rules!(), " select count(*) from (", overdue!(pg), ") it"),
            concat!("with ", rules!(), " select count(*) from (", overdue!(sqlite), ") it"),
        );
        let (count,): (i64,) = with_rules!(fetch_one, &mut tx, _, order, sql);
        tx.rollback().await?;
        Ok(count)
    }

    /// The last turn of a run that may charge `most` players: the longest overdue first, so that no player waits for ever.
    /// `None` where fewer are overdue.
    pub async fn last_turn(&self, order: &DecayOrder, most: i64) -> Result<Option<Turn>> {
        let mut tx = self.begin_reading().await?;
        let sql = tx.pick(
            concat!(
                "with ",
                rules!(),
                " select begins, id from (",
                overdue!(pg),
                ") it order by begins, id offset $12 limit 1"
            ),
            concat!(
                "with ",
                rules!(),
                " select strftime('%Y-%m-%dT%H:%M:%S', begins / 1000000, 'unixepoch') \
                     || printf('.%06dZ', begins % 1000000), id from (",
                overdue!(sqlite),
                ") it \
                 order by begins, id limit 1 offset $12"
            ),
        );
        let turn: Option<(DbTime, DbId)> = with_rules!(fetch_optional, &mut tx, _, order, sql, most - 1);
        tx.rollback().await?;
        Ok(turn.map(|(begins, player)| Turn { begins: begins.0, player: player.0 }))
    }

    /// What a run would take, without taking it.
    pub async fn preview_decay(&self, order: &DecayOrder) -> Result<Decayed> {
        let mut tx = self.begin_reading().await?;
        let page = page(&mut tx, Uuid::nil(), i64::MAX).await?;
        let sql = tx.pick(
            concat!(
                "with ", rules!(), ", owed as (select before, least(least(steps, $12) * 0.01, before) as amount from (",
                overdue!(pg), " and ($13::timestamptz is null or (", begins!(pg), ", u.id) <= ($13::timestamptz, $14::uuid))) it) \
                 select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
                     count(*) filter (where before >= 40 and before - amount < 40 and before > amount) as warned, \
                     sum(amount) as points from owed"
            ),
            concat!(
                "with ", rules!(), ", owed as (select before, min(steps, $12, before) as amount from (", overdue!(sqlite),
                " and ($13 is null or (", begins!(sqlite), ", u.id) <= (", us!("$13"), ", $14))) it) \
                 select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
                     count(*) filter (where before >= 4000 and before - amount < 4000 and before > amount) as warned, \
                     sum(amount) / 100.0 as points from owed"
            ),
        );
        let (begins, player) = order.turn();
        let sums: Sums = with_rules!(fetch_one, &mut tx, _, order, sql, order.rules.most_per_run.0, begins, player);
        tx.rollback().await?;
        Ok(sums.of(&page))
    }

    /// Charges the overdue among the next `order.chunk` eligible players from the id `from` on, in one transaction. What was
    /// done, and the id to go on from; none after the last chunk.
    pub async fn charge_chunk(&self, order: &DecayOrder, from: Uuid) -> Result<(Decayed, Option<Uuid>)> {
        let mut tx = self.begin().await?;
        let page = page(&mut tx, from, order.chunk).await?;
        let Some(last) = page.last else {
            tx.rollback().await?;
            return Ok((Decayed::default(), None));
        };
        let sums = match tx {
            Tx::Pg(_) => charge_postgres(&mut tx, order, from, last.0).await?,
            Tx::Sqlite(_) => charge_sqlite(&mut tx, order, from, last.0).await?,
        };
        tx.commit().await?;
        let next =
            (page.processed == order.chunk).then(|| last.0.as_u128().checked_add(1).map(Uuid::from_u128)).flatten();
        Ok((sums.of(&page), next))
    }
}

impl DecayOrder {
    fn turn(&self) -> (Option<DbTime>, Option<DbId>) {
        self.until.map(|turn| (DbTime(turn.begins), DbId(turn.player))).unzip()
    }
}

impl Sums {
    fn of(&self, page: &Page) -> Decayed {
        Decayed {
            processed: page.processed,
            decayed: self.decayed,
            game_overs: self.game_overs,
            warned: self.warned,
            unreadable: page.unreadable,
            points: self.points.map_or(Points::ZERO, |it| it.0),
        }
    }
}

/// The next eligible players, counted.
async fn page(tx: &mut Tx, from: Uuid, chunk: i64) -> Result<Page> {
    // Not `max(id)`: PostgreSQL has none for uuid before version 18.
    let sql = concat!(
        "with page as (select u.id, u.relationship_score is null or u.relationship_score < 0 \
             or coalesce(u.chapter, 0) not between 1 and 5 as unreadable from users u where ",
        eligible!(),
        " and u.id >= $1 order by u.id limit $2) \
         select count(*) as processed, count(*) filter (where unreadable) as unreadable, \
             (select id from page order by id desc limit 1) as last from page"
    );
    Ok(fetch_one!(tx, Page, sql, DbId(from), chunk))
}
