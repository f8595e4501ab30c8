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
use super::session::{Tx, execute, fetch_one, fetch_optional};
use super::{Result, Store};
use crate::core::decay::Rules;
use crate::domain::points::Points;

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

/// Who decays at all.
macro_rules! eligible {
    () => {
        "u.game_status = 'active' and u.onboarding_status in ('completed', 'skipped')"
    };
}

/// The rules as a table: one row a chapter, with times in microseconds.
macro_rules! rules {
    () => {
        "rule (chapter, grace, step) as (values \
             (1, $1, $2), (2, $3, $4), (3, $5, $6), (4, $7, $8), (5, $9, $10))"
    };
}

/// A timestamp text as microseconds since 1970.
macro_rules! us {
    ($text:literal) => {
        concat!("(unixepoch(", $text, ") * 1000000 + cast(substr(", $text, ", 21, 6) as integer))")
    };
}
/// Where a player's debt begins; $11 is the run's time. PostgreSQL's `greatest` passes over nulls, SQLite's `max` does not.
macro_rules! begins {
    (pg) => {
        "case when u.last_interaction_at is null \
              then coalesce(u.decayed_through, $11::timestamptz - interval '24 hours') \
              else greatest(u.last_interaction_at + r.grace * interval '1 microsecond', u.decayed_through) end"
    };
    (sqlite) => {
        concat!(
            "case when u.last_interaction_at is null then coalesce(",
            us!("u.decayed_through"),
            ", ",
            us!("$11"),
            " - 86400000000) \
                  else max(",
            us!("u.last_interaction_at"),
            " + r.grace, coalesce(",
            us!("u.decayed_through"),
            ", 0)) end"
        )
    };
}

/// The overdue among the eligible, with what they owe in whole steps.
macro_rules! overdue {
    (pg) => {
        concat!(
            "select u.id, u.chapter, u.telegram_id, u.notifications_enabled, u.relationship_score as before, \
                 ",
            begins!(pg),
            " as begins, r.step, \
                 (extract(epoch from $11::timestamptz - (",
            begins!(pg),
            ")) * 1000000)::bigint / r.step as steps \
             from users u join rule r on r.chapter = u.chapter \
             where ",
            eligible!(),
            " and u.relationship_score >= 0 \
             and ",
            begins!(pg),
            " + r.step * interval '1 microsecond' <= $11::timestamptz"
        )
    };
    (sqlite) => {
        concat!(
            "select u.id, u.chapter, u.telegram_id, u.notifications_enabled, \
                 cast(round(u.relationship_score * 100) as integer) as before, ",
            begins!(sqlite),
            " as begins, r.step, \
                 (",
            us!("$11"),
            " - ",
            begins!(sqlite),
            ") / r.step as steps \
             from users u join rule r on r.chapter = u.chapter \
             where ",
            eligible!(),
            " and u.relationship_score >= 0 \
             and ",
            begins!(sqlite),
            " + r.step <= ",
            us!("$11")
        )
    };
}

/// Binds the ten numbers of [`rules!`] and the run's time, in front of a statement's own parameters.
macro_rules! with_rules {
    ($run:ident, $tx:expr, $row:ty, $order:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        let r = $order.rule_numbers();
        $run!($tx, $row, $sql, r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], DbTime($order.now) $(, $arg)*)
    }};
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

async fn charge_postgres(tx: &mut Tx, order: &DecayOrder, from: Uuid, to: Uuid) -> Result<Sums> {
    let sql = concat!(
        "with ",
        rules!(),
        ", due as materialized (",
        overdue!(pg),
        " and u.id between $12 and $13 \
             and ($15::timestamptz is null or (",
        begins!(pg),
        ", u.id) <= ($15::timestamptz, $16::uuid)) \
             order by u.id for no key update of u skip locked), \
         owed as (select due.*, least(least(steps, $14) * 0.01, before) as amount from due), \
         charged as (update users u set relationship_score = o.before - o.amount, \
                 decayed_through = o.begins + o.steps * o.step * interval '1 microsecond', \
                 game_status = case when o.before <= o.amount then 'game_over' else u.game_status end, updated_at = $11 \
             from owed o where u.id = o.id \
             returning o.id, o.chapter, o.telegram_id, o.notifications_enabled, o.before, o.amount, o.step, \
                 o.before - o.amount as after, o.before <= o.amount as lost), \
         history as (insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) \
             select gen_random_uuid(), id, after, chapter, 'decay', jsonb_build_object('decay_amount', amount, \
                 'hours_charged', round(amount * step / 36000000, 4), 'score_before', before), $11 \
             from charged where amount > 0 \
             union all \
             select gen_random_uuid(), id, after, chapter, 'decay_game_over', jsonb_build_object('score_before', before), $11 \
             from charged where lost), \
         goodbye as (insert into scheduled_events (id, user_id, platform, event_type, content, scheduled_at, status) \
             select gen_random_uuid(), id, 'telegram', 'decay_game_over', \
                 jsonb_build_object('chat_id', telegram_id, 'text', $17::text), $11, 'pending' \
             from charged where lost and notifications_enabled and telegram_id is not null), \
         warning as (insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at) \
             select gen_random_uuid(), id, 'gap', \
                 jsonb_build_object('reason', 'decay_warning', 'score_before', before, 'score', after), $18::text, $11 \
             from charged where before >= 40 and after < 40 and not lost) \
         select count(*) filter (where amount > 0) as decayed, count(*) filter (where lost) as game_overs, \
             count(*) filter (where before >= 40 and after < 40 and not lost) as warned, sum(amount) as points from charged"
    );
    let (begins, player) = order.turn();
    Ok(with_rules!(
        fetch_one,
        tx,
        Sums,
        order,
        sql,
        DbId(from),
        DbId(to),
        order.rules.most_per_run.0,
        begins,
        player,
        order.goodbye,
        order.warning
    ))
}

/// SQLite has no statement that writes several tables; the temporary table stands in for the common expression.
async fn charge_sqlite(tx: &mut Tx, order: &DecayOrder, from: Uuid, to: Uuid) -> Result<Sums> {
    execute!(
        tx,
        "create temp table if not exists decay_owed (id text primary key, chapter, telegram_id, notifications_enabled, \
         before integer, amount integer, through integer, step integer)"
    );
    execute!(tx, "delete from temp.decay_owed");
    let sql = concat!(
        "with ",
        rules!(),
        " insert into temp.decay_owed \
         select id, chapter, telegram_id, notifications_enabled, before, min(steps, $14, before), begins + steps * step, step \
         from (",
        overdue!(sqlite),
        " and u.id between $12 and $13 \
             and ($15 is null or (",
        begins!(sqlite),
        ", u.id) <= (",
        us!("$15"),
        ", $16)))"
    );
    let (begins, player) = order.turn();
    let r = order.rule_numbers();
    execute!(
        tx,
        sql,
        r[0],
        r[1],
        r[2],
        r[3],
        r[4],
        r[5],
        r[6],
        r[7],
        r[8],
        r[9],
        DbTime(order.now),
        DbId(from),
        DbId(to),
        order.rules.most_per_run.0,
        begins,
        player
    );
    execute!(
        tx,
        "insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at) \
         select id, (before - amount) / 100.0, chapter, 'decay', json_object('decay_amount', amount / 100.0, \
             'hours_charged', round(amount * step / 3600000000.0, 4), 'score_before', before / 100.0), $1 \
         from temp.decay_owed where amount > 0",
        DbTime(order.now)
    );
    execute!(
        tx,
        "insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at) \
         select id, 0.0, chapter, 'decay_game_over', json_object('score_before', before / 100.0), $1 \
         from temp.decay_owed where before = amount",
        DbTime(order.now)
    );
    execute!(
        tx,
        "insert into scheduled_events (user_id, platform, event_type, content, scheduled_at, status) \
         select id, 'telegram', 'decay_game_over', json_object('chat_id', telegram_id, 'text', $2), $1, 'pending' \
         from temp.decay_owed where before = amount and notifications_enabled and telegram_id is not null",
        DbTime(order.now),
        order.goodbye
    );
    execute!(
        tx,
        "insert into scheduled_touchpoints (user_id, trigger_type, trigger_context, message_content, delivery_at) \
         select id, 'gap', json_object('reason', 'decay_warning', 'score_before', before / 100.0, \
             'score', (before - amount) / 100.0), $2, $1 \
         from temp.decay_owed where before >= 4000 and before - amount < 4000 and before > amount",
        DbTime(order.now),
        order.warning
    );
    execute!(
        tx,
        "update users set relationship_score = (o.before - o.amount) / 100.0, \
             decayed_through = strftime('%Y-%m-%dT%H:%M:%S', o.through / 1000000, 'unixepoch') \
                 || printf('.%06dZ', o.through % 1000000), \
             game_status = case when o.before = o.amount then 'game_over' else game_status end, updated_at = $1 \
         from temp.decay_owed o where users.id = o.id",
        DbTime(order.now)
    );
    Ok(fetch_one!(
        tx,
        Sums,
        "select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
             count(*) filter (where before >= 4000 and before - amount < 4000 and before > amount) as warned, \
             sum(amount) / 100.0 as points from temp.decay_owed"
    ))
}
