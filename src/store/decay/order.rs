//! The parameters and results of decay's statements.

use chrono::{DateTime, TimeDelta, Utc};

use crate::core::decay::{Rules, WARN_EVERY};
use crate::domain::points::Points;
use crate::store::codec::{DbPoints, DbTime};
use crate::store::read::row;

/// The parameters of a run of decay.
#[derive(Clone, Debug)]
pub struct DecayOrder {
    /// The run's time, up to which players are charged.
    pub now: DateTime<Utc>,
    /// Grace periods, rates and the cap.
    pub rules: Rules,
    /// When another program charged all players; nothing from before is charged again.
    pub not_before: Option<DateTime<Utc>>,
    /// The last turn of a run with a cap on players.
    pub until: Option<Turn>,
    /// The goodbye to a player who loses.
    pub goodbye: &'static str,
    /// The warning to a player whose score falls low.
    pub warning: &'static str,
    /// The subject of that warning, for the application.
    pub warned_of: &'static str,
}

/// A player's place in the queue of a capped run: by when their unpaid time begins, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub(super) begins: DateTime<Utc>,
    pub(super) player: String,
}

/// What a chunk, or a whole run, did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decayed {
    /// Eligible players read.
    pub processed: i64,
    /// Players charged.
    pub decayed: i64,
    /// Players who lost the game.
    pub game_overs: i64,
    /// Players warned.
    pub warned: i64,
    /// Players passed over because their score, chapter or times can't be read.
    pub unreadable: i64,
    /// Overdue players whose row another session was writing: passed over.
    pub locked: i64,
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
        self.locked += chunk.locked;
        self.points = self.points + chunk.points;
    }
}

row! {
    pub(super) struct Sums {
        pub(super) processed: i64,
        pub(super) unreadable: i64,
        pub(super) decayed: i64,
        pub(super) game_overs: i64,
        pub(super) warned: i64,
        pub(super) points: Option<DbPoints>,
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
            locked: 0,
            points: sums.points.map_or(Points::ZERO, |it| it.0),
        }
    }
}

/// Where a chunk begins: at an id on PostgreSQL, at a row on SQLite.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(super) id: String,
    pub(super) row: i64,
}

impl Default for Cursor {
    /// The beginning.
    fn default() -> Self {
        Self::of_id(uuid::Uuid::nil())
    }
}

impl Cursor {
    pub(super) fn of_id(id: uuid::Uuid) -> Self {
        Self { id: id.to_string(), row: i64::MIN }
    }

    /// Behind this id; none behind the highest one. Computed here, because PostgreSQL before 18 has no `max` for uuid.
    pub(super) fn behind(id: &str) -> Option<Self> {
        let id: uuid::Uuid = id.parse().ok()?;
        id.as_u128().checked_add(1).map(|next| Self::of_id(uuid::Uuid::from_u128(next)))
    }

    pub(super) fn behind_row(row: i64) -> Option<Self> {
        row.checked_add(1).map(|row| Self { row, ..Self::default() })
    }
}

pub(in crate::store) const fn us(span: TimeDelta) -> i64 {
    match span.num_microseconds() {
        Some(us) => us,
        None => i64::MAX,
    }
}

impl DecayOrder {
    pub(in crate::store) fn rule_numbers(&self) -> [i64; 10] {
        std::array::from_fn(|i| {
            let chapter = self.rules.chapters[i / 2];
            us(if i % 2 == 0 { chapter.grace } else { chapter.step })
        })
    }

    pub(in crate::store) fn not_before(&self) -> Option<DbTime> {
        self.not_before.map(DbTime)
    }

    pub(in crate::store) fn turn(&self) -> (Option<DbTime>, Option<&str>) {
        self.until.as_ref().map(|turn| (DbTime(turn.begins), turn.player.as_str())).unzip()
    }

    /// The span around the run's time in which a player is warned only once.
    pub(super) fn quiet(&self) -> (DbTime, DbTime) {
        (DbTime(self.now - WARN_EVERY), DbTime(self.now + WARN_EVERY))
    }
}

/// Binds the rules' numbers, the run's time and the earliest start of a charge before a statement's own parameters.
macro_rules! with_rules {
    ($run:ident, $tx:expr, $row:ty, $order:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        let r = $order.rule_numbers();
        $run!(
            $tx, $row, $sql, r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9],
            DbTime($order.now), us(crate::core::decay::NEVER_INTERACTED), $order.not_before() $(, $arg)*
        )
    }};
}
pub(in crate::store) use with_rules;
