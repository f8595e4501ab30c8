//! Charging a chunk: one statement on PostgreSQL, a few over a temporary table on SQLite.

use uuid::Uuid;

use super::rules::{begins, eligible, grace, in_turn, overdue, owes, step, unreadable, us, with_rules};
use super::{Cursor, DecayOrder, Decayed, Page, Sums};
use crate::store::Result;
use crate::store::claims::sqlite_token;
use crate::store::codec::{DbId, DbPoints, DbTime};
use crate::store::read::row;
use crate::store::session::{Tx, execute, fetch_one};

row! {
    struct Chunk {
        processed: i64,
        unreadable: i64,
        last: Option<DbId>,
        decayed: i64,
        game_overs: i64,
        warned: i64,
        points: Option<DbPoints>,
    }
}

impl Chunk {
    fn sums(&self) -> Sums {
        let Self { decayed, game_overs, warned, points, .. } = *self;
        Sums { decayed, game_overs, warned, points }
    }
}

/// The players are looked at once, by their index. A row that owes is found again where it lies (`ctid`), locked, and looked at
/// as it is now; the lock keeps it there until the update. The sort is what makes the update begin when all are locked. A row
/// that was written between the look and the lock lies elsewhere: the update passes it over, and the next run charges it.
pub(super) async fn charge_postgres(tx: &mut Tx, order: &DecayOrder, from: Uuid) -> Result<(Decayed, Option<Cursor>)> {
    let sql = concat!(
        "with page as materialized (select u.id, u.ctid as place, ",
        unreadable!(),
        " as unreadable, ",
        owes!(),
        " as owes from users u where ",
        eligible!(),
        " and u.id >= $12 order by u.id limit $13), \
         due as materialized (select it.* from page p cross join lateral (",
        overdue!(pg, "users u where u.ctid = p.place and u.id = p.id and "),
        " and ",
        in_turn!(pg, "$15", "$16"),
        " for no key update of u skip locked) it where p.owes order by it.id), \
         owed as (select due.*, least(least(steps, $14) * 0.01, before) as amount from due), \
         charged as (update users u set relationship_score = o.before - o.amount, \
                 decayed_through = o.begins + o.steps * o.step * interval '1 microsecond', \
                 game_status = case when o.before <= o.amount then 'game_over' else u.game_status end \
             from owed o where u.id = o.id and u.ctid = o.place \
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
         warning as (insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at, \
                 delivered, skipped) select gen_random_uuid(), id, 'gap', \
                 jsonb_build_object('reason', 'decay_warning', 'score_before', before, 'score', after), $18::text, $11, false, false \
             from charged where before >= 40 and after < 40 and not lost) \
         select (select count(*) from page) as processed, (select count(*) from page where unreadable) as unreadable, \
             (select id from page order by id desc limit 1) as last, \
             count(*) filter (where amount > 0) as decayed, count(*) filter (where lost) as game_overs, \
             count(*) filter (where before >= 40 and after < 40 and not lost) as warned, sum(amount) as points from charged"
    );
    let (begins, player) = order.turn();
    let chunk = with_rules!(
        fetch_one,
        tx,
        Chunk,
        order,
        sql,
        DbId(from),
        order.chunk,
        order.rules.most_per_run.0,
        begins,
        player,
        order.goodbye,
        order.warning
    );
    // Not `max(id)`: PostgreSQL has none for uuid before version 18.
    let next = chunk.last.and_then(|last| last.0.as_u128().checked_add(1));
    Ok((
        chunk.sums().of(chunk.processed, chunk.unreadable),
        next.map(|id| Cursor { id: Uuid::from_u128(id), ..Cursor::default() }),
    ))
}

/// The id of a player's row in the history of a chunk: a version 7 UUID of the run's time ($1), chance, and the player's row.
/// The digit tells the two kinds of rows apart.
macro_rules! history_id {
    ($kind:literal) => {
        concat!(
            "(select printf('%08x-%04x-7', ms >> 16, ms & 65535) || substr(lower(hex(randomblob(2))), 2) || '-",
            $kind,
            "' || substr(lower(hex(randomblob(2))), 2) || '-' \
             from (select unixepoch($1) * 1000 + cast(substr($1, 21, 3) as integer) as ms)) || printf('%012x', player)"
        )
    };
}

/// SQLite has no statement that writes several tables; the temporary table stands in for the common expression.
///
/// History gets ids in the order of time, because the index of random ones costs more than the rows themselves, and
/// is written in the order of the players' ids, which is that of its other index.
pub(super) async fn charge_sqlite(tx: &mut Tx, order: &DecayOrder, from: i64) -> Result<(Decayed, Option<Cursor>)> {
    let sql = concat!(
        "select count(*) as processed, coalesce(sum(unreadable), 0) as unreadable, max(row) as last from (select u.rowid as row, ",
        unreadable!(),
        " as unreadable from users u where ",
        eligible!(),
        " and u.rowid >= $1 order by u.rowid limit $2)"
    );
    let page = fetch_one!(tx, Page, sql, from, order.chunk);
    let Some(last) = page.last else { return Ok((Decayed::default(), None)) };
    set_down(tx, order, from, last).await?;
    note_sqlite(tx, order).await?;
    // The plus keeps the temporary table in front: the other way round every chunk would read all players.
    execute!(
        tx,
        "update users set relationship_score = (o.before - o.amount) / 100.0, \
             decayed_through = strftime('%Y-%m-%dT%H:%M:%S', o.through / 1000000, 'unixepoch') \
                 || printf('.%06dZ', o.through % 1000000), \
             game_status = case when o.before = o.amount then 'game_over' else game_status end \
         from temp.decay_owed o where users.rowid = +o.player"
    );
    let sums = fetch_one!(
        tx,
        Sums,
        "select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
             count(*) filter (where before >= 4000 and before - amount < 4000 and before > amount) as warned, \
             sum(amount) / 100.0 as points from temp.decay_owed"
    );
    Ok((sums.of(page.processed, page.unreadable), last.checked_add(1).map(|row| Cursor { row, ..Cursor::default() })))
}

/// Fills the temporary table: what each overdue player of these rows owes.
async fn set_down(tx: &mut Tx, order: &DecayOrder, from: i64, last: i64) -> Result<()> {
    execute!(
        tx,
        "create temp table if not exists decay_owed (player integer primary key, id, chapter, telegram_id, \
         notifications_enabled, before integer, amount integer, through integer, step integer)"
    );
    execute!(tx, "delete from temp.decay_owed");
    let sql = concat!(
        "insert into temp.decay_owed select player, id, chapter, telegram_id, notifications_enabled, before, \
             min(steps, $14, before), begins + steps * step, step from (",
        overdue!(sqlite, "and u.rowid between $12 and $13"),
        " and ",
        in_turn!(sqlite, "$15", "$16"),
        ")"
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
        from,
        last,
        order.rules.most_per_run.0,
        begins,
        player
    );
    Ok(())
}

/// What is told of the charges in `temp.decay_owed`: history, goodbyes and warnings. Their ids are made here, because a table that
/// was made by hand may have no default for them.
async fn note_sqlite(tx: &mut Tx, order: &DecayOrder) -> Result<()> {
    execute!(
        &mut *tx,
        concat!(
            "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) select ",
            history_id!("a"),
            ", id, (before - amount) / 100.0, chapter, 'decay', json_object('decay_amount', amount / 100.0, \
             'hours_charged', round(amount * step / 3600000000.0, 4), 'score_before', before / 100.0), $1 \
         from temp.decay_owed where amount > 0 order by id"
        ),
        DbTime(order.now)
    );
    execute!(
        &mut *tx,
        concat!(
            "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) select ",
            history_id!("b"),
            ", id, 0.0, chapter, 'decay_game_over', json_object('score_before', before / 100.0), $1 \
         from temp.decay_owed where before = amount order by id"
        ),
        DbTime(order.now)
    );
    execute!(
        &mut *tx,
        concat!(
            "insert into scheduled_events (id, user_id, platform, event_type, content, scheduled_at, status) select ",
            sqlite_token!(),
            ", \
         id, 'telegram', 'decay_game_over', json_object('chat_id', telegram_id, 'text', $2), $1, 'pending' \
         from temp.decay_owed where before = amount and notifications_enabled and telegram_id is not null"
        ),
        DbTime(order.now),
        order.goodbye
    );
    execute!(
        &mut *tx,
        concat!(
            "insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at, delivered, \
             skipped) select ",
            sqlite_token!(),
            ", id, 'gap', json_object('reason', 'decay_warning', 'score_before', before / 100.0, \
             'score', (before - amount) / 100.0), $2, $1, 0, 0 \
         from temp.decay_owed where before >= 4000 and before - amount < 4000 and before > amount"
        ),
        DbTime(order.now),
        order.warning
    );
    Ok(())
}
