//! Charging a chunk: one statement on PostgreSQL, several over a temporary table on SQLite.

use super::order::{Cursor, DecayOrder, Decayed, Sums, us, with_rules};
use crate::core::decay::WARN_BELOW;
use crate::store::Result;
use crate::store::codec::{DbPoints, DbTime};
use crate::store::read::row;
use crate::store::session::{Tx, execute, fetch_one};
use crate::store::sql::{postgres, sqlite};

row! {
    struct Chunk {
        processed: i64,
        unreadable: i64,
        last: Option<String>,
        decayed: i64,
        game_overs: i64,
        warned: i64,
        points: Option<DbPoints>,
    }
}

pub(super) async fn charge_postgres(
    tx: &mut Tx,
    order: &DecayOrder,
    from: &Cursor,
    most: i64,
) -> Result<(Decayed, Option<Cursor>)> {
    let (begins, player) = order.turn();
    let (since, until) = order.quiet();
    let Chunk { processed, unreadable, last, decayed, game_overs, warned, points } = with_rules!(
        fetch_one,
        tx,
        Chunk,
        order,
        postgres::CHARGE_DECAY,
        &from.id,
        most,
        order.rules.most_per_run.0,
        begins,
        player,
        WARN_BELOW.0,
        since,
        until,
        order.goodbye,
        order.warning,
        order.warned_of
    );
    let sums = Sums { processed, unreadable, decayed, game_overs, warned, points };
    Ok((sums.into(), last.and_then(|last| Cursor::behind(&last))))
}

row! {
    /// How many eligible players a chunk has, and the row of the last.
    struct Page {
        processed: i64,
        unreadable: i64,
        last: Option<i64>,
    }
}

row! {
    struct Taken {
        decayed: i64,
        game_overs: i64,
        points: Option<DbPoints>,
    }
}

/// Runs a statement that returns no rows, with the arguments of `fetch_one`, for [`with_rules`].
macro_rules! run {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)*) => {
        execute!($tx, $sql $(, $arg)*)
    };
}

/// No SQLite statement writes several tables, so a temporary table replaces PostgreSQL's common table expression. The statements make the
/// ids themselves, because a table that was created by hand can lack a default for them.
pub(super) async fn charge_sqlite(
    tx: &mut Tx,
    order: &DecayOrder,
    from: &Cursor,
    most: i64,
) -> Result<(Decayed, Option<Cursor>)> {
    let page = fetch_one!(&mut *tx, Page, sqlite::DECAY_PAGE, from.row, most);
    let Some(last) = page.last else { return Ok((Decayed::default(), None)) };
    execute!(&mut *tx, sqlite::DECAY_OWED_TABLE);
    execute!(&mut *tx, "delete from temp.decay_owed");
    let (begins, player) = order.turn();
    let now = DbTime(order.now);
    let most_taken = order.rules.most_per_run.0;
    with_rules!(run, &mut *tx, (), order, sqlite::DECAY_OWED, from.row, last, most_taken, begins, player);
    execute!(&mut *tx, sqlite::DECAY_HISTORY, now);
    execute!(&mut *tx, sqlite::DECAY_GAME_OVERS, now);
    execute!(&mut *tx, sqlite::DECAY_GOODBYES, now, order.goodbye);
    let (since, until) = order.quiet();
    let (low, words) = (WARN_BELOW.0, order.warning);
    let warned = execute!(&mut *tx, sqlite::DECAY_WARNINGS, now, low, since, until, words, order.warned_of);
    execute!(&mut *tx, sqlite::DECAY_CHARGE);
    let Taken { decayed, game_overs, points } = fetch_one!(tx, Taken, sqlite::DECAY_SUMS);
    let warned = i64::try_from(warned).unwrap_or(i64::MAX);
    let sums = Sums { processed: page.processed, unreadable: page.unreadable, decayed, game_overs, warned, points };
    Ok((sums.into(), Cursor::behind_row(last)))
}
