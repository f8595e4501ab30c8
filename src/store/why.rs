//! By which rule a run takes a conversation or a player, or does not (spec 06, "Someone can act"): the conditions are those of the claim
//! and of decay, in blocks of one text.

use chrono::{DateTime, Utc};

use super::claims::Due;
use super::codec::{DbPoints, DbTime};
use super::decay::{DecayOrder, us, with_rules};
use super::read::{Read, row};
use super::session::{fetch_all, fetch_optional};
use super::{Pool, Result, Store, sql};
use crate::core::disposition::MOST_ATTEMPTS;
use crate::domain::points::Points;

/// Why a claim would take a conversation or not.
#[derive(Clone, Debug)]
pub struct WhyConversation {
    /// The rule, in the statement's word.
    pub rule: String,
    /// Attempts it has used.
    pub attempts: i64,
    /// Not before this instant.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Its last message.
    pub last_message_at: Option<DateTime<Utc>>,
    /// Why its latest attempt did not succeed.
    pub last_error: Option<String>,
    /// How many a claim takes before it, counted up to a run's cap.
    pub older: i64,
    /// The other one of its player that goes before it.
    pub held_by: Option<String>,
}

/// Why decay would charge a player or not.
#[derive(Clone, Debug)]
pub struct WhyPlayer {
    /// The rule, in the statement's word.
    pub rule: String,
    /// From when on they owe; none where that can't be read.
    pub begins: Option<DateTime<Utc>>,
    /// When the first step of it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// What a run would charge them.
    pub points: Option<Points>,
    /// What they have.
    pub score: Option<Points>,
}

/// What waits of a player.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// The one that a run takes next, or that holds the others up.
    pub next: Option<String>,
    /// How many are not processed.
    pub waiting: i64,
}

row! {
    struct WhyConversationRow {
        rule: String,
        attempts: Read<i64>,
        next_attempt_at: Read<DbTime>,
        last_message_at: Read<DbTime>,
        last_error: Read<String>,
        older: i64,
        held_by: Option<String>,
    }
}

row! {
    struct WhyPlayerRow {
        rule: String,
        begins: Read<DbTime>,
        due_at: Read<DbTime>,
        points: Read<DbPoints>,
        score: Read<DbPoints>,
    }
}

row! {
    /// A conversation or a player whom a run would pass over.
    #[derive(Clone, Debug)]
    pub struct PassedOver {
        /// The rule, in the statement's word.
        pub rule: String,
        /// Which one, as the database has it.
        pub id: String,
        /// How many the rule passes over in all.
        pub many: i64,
    }
}

fn time(read: Read<DbTime>) -> Option<DateTime<Utc>> {
    read.ok().map(|at| at.0)
}

impl Store {
    /// How an id that somebody typed can stand in the database. SQLite's text can hold it as it is, odd as it may be; PostgreSQL's `uuid`
    /// has one spelling.
    #[must_use]
    pub fn spellings(&self, typed: &str) -> Vec<String> {
        let plain = typed.parse::<uuid::Uuid>().ok().map(|id| id.to_string());
        let typed = match self.pool {
            Pool::Pg(_) => None,
            Pool::Sqlite(_) => Some(typed.to_owned()).filter(|typed| plain.as_ref() != Some(typed)),
        };
        typed.into_iter().chain(plain).collect()
    }

    /// By which rule a claim would take a conversation or not; `None` where there is none with this id.
    pub async fn why_conversation(&self, due: &Due, conversation: &str, batch: i64) -> Result<Option<WhyConversation>> {
        let mut tx = self.begin_read().await?;
        let row: Option<WhyConversationRow> = fetch_optional!(
            &mut tx,
            _,
            sql::WHY_CONVERSATION,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout),
            conversation,
            batch
        );
        tx.rollback().await?;
        Ok(row.map(|row| WhyConversation {
            rule: row.rule,
            attempts: row.attempts.ok().unwrap_or_default(),
            next_attempt_at: time(row.next_attempt_at),
            last_message_at: time(row.last_message_at),
            last_error: row.last_error.ok(),
            older: row.older,
            held_by: row.held_by,
        }))
    }

    /// Whether there is a player with this id.
    pub async fn is_player(&self, id: &str) -> Result<bool> {
        let mut tx = self.begin_read().await?;
        let text = tx.pick("select 1 from users where id = $1::text::uuid", "select 1 from users where id = $1");
        let found: Option<(i32,)> = fetch_optional!(&mut tx, _, text, id);
        tx.rollback().await?;
        Ok(found.is_some())
    }

    /// By which rule decay would charge a player or not; `None` where there is none with this id.
    pub async fn why_player(&self, order: &DecayOrder, player: &str) -> Result<Option<WhyPlayer>> {
        let mut tx = self.begin_read().await?;
        let ((begins, id), most) = (order.turn(), order.rules.most_per_run.0);
        let row: Option<WhyPlayerRow> =
            with_rules!(fetch_optional, &mut tx, _, order, sql::WHY_PLAYER, most, begins, id, player);
        tx.rollback().await?;
        let points = |read: Read<DbPoints>| read.ok().map(|points| points.0);
        Ok(row.map(|row| WhyPlayer {
            rule: row.rule,
            begins: time(row.begins),
            due_at: time(row.due_at),
            points: points(row.points),
            score: points(row.score),
        }))
    }

    /// What waits of a player, and which one is next.
    pub async fn player_queue(&self, due: &Due, player: &str) -> Result<Queue> {
        let mut tx = self.begin_read().await?;
        let row: Option<(String, i64)> = fetch_optional!(
            &mut tx,
            _,
            sql::PLAYER_QUEUE,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout),
            player
        );
        tx.rollback().await?;
        Ok(row.map_or_else(Queue::default, |(next, waiting)| Queue { next: Some(next), waiting }))
    }

    /// What a claim would pass over of that which is not processed yet, at most `most` of each rule.
    pub async fn passed_over(&self, due: &Due, most: i64) -> Result<Vec<PassedOver>> {
        let mut tx = self.begin_read().await?;
        let rows = fetch_all!(
            &mut tx,
            PassedOver,
            sql::PASSED_OVER,
            due.cutoff(),
            DbTime(due.now),
            MOST_ATTEMPTS,
            i32::from(due.rollout),
            most
        );
        tx.rollback().await?;
        Ok(rows)
    }

    /// The players whom decay would not charge, at most `most` of each rule.
    pub async fn decay_passed_over(&self, order: &DecayOrder, most: i64) -> Result<Vec<PassedOver>> {
        let mut tx = self.begin_read().await?;
        let (begins, id) = order.turn();
        let rows = with_rules!(fetch_all, &mut tx, PassedOver, order, sql::DECAY_PASSED_OVER, begins, id, most);
        tx.rollback().await?;
        Ok(rows)
    }
}
