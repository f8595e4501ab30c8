//! Charging a chunk: one statement on PostgreSQL, a few over a temporary table on SQLite.

use uuid::Uuid;

use super::rules::{begins, eligible, overdue, rules, us, with_rules};
use super::{DecayOrder, Sums};
use crate::store::Result;
use crate::store::claims::sqlite_token;
use crate::store::codec::{DbId, DbTime};
use crate::store::session::{Tx, execute, fetch_one};

pub(super) async fn charge_postgres(tx: &mut Tx, order: &DecayOrder, from: Uuid, to: Uuid) -> Result<Sums> {
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
                 game_status = case when o.before <= o.amount then 'game_over' else u.game_status end \
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
         warning as (insert into scheduled_touchpoints (id, user_id, trigger_type, trigger_context, message_content, delivery_at, \
                 delivered, skipped) select gen_random_uuid(), id, 'gap', \
                 jsonb_build_object('reason', 'decay_warning', 'score_before', before, 'score', after), $18::text, $11, false, false \
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
pub(super) async fn charge_sqlite(tx: &mut Tx, order: &DecayOrder, from: Uuid, to: Uuid) -> Result<Sums> {
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
    note_sqlite(tx, order).await?;
    execute!(
        tx,
        "update users set relationship_score = (o.before - o.amount) / 100.0, \
             decayed_through = strftime('%Y-%m-%dT%H:%M:%S', o.through / 1000000, 'unixepoch') \
                 || printf('.%06dZ', o.through % 1000000), \
             game_status = case when o.before = o.amount then 'game_over' else game_status end \
         from temp.decay_owed o where users.id = o.id"
    );
    Ok(fetch_one!(
        tx,
        Sums,
        "select count(*) filter (where amount > 0) as decayed, count(*) filter (where before = amount) as game_overs, \
             count(*) filter (where before >= 4000 and before - amount < 4000 and before > amount) as warned, \
             sum(amount) / 100.0 as points from temp.decay_owed"
    ))
}

/// What is told of the charges in `temp.decay_owed`: history, goodbyes and warnings. Their ids are made here, because a table that
/// was made by hand may have no default for them.
async fn note_sqlite(tx: &mut Tx, order: &DecayOrder) -> Result<()> {
    execute!(
        &mut *tx,
        concat!(
            "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) select ",
            sqlite_token!(),
            ", \
         id, (before - amount) / 100.0, chapter, 'decay', json_object('decay_amount', amount / 100.0, \
             'hours_charged', round(amount * step / 3600000000.0, 4), 'score_before', before / 100.0), $1 \
         from temp.decay_owed where amount > 0"
        ),
        DbTime(order.now)
    );
    execute!(
        &mut *tx,
        concat!(
            "insert into score_history (id, user_id, score, chapter, event_type, event_details, recorded_at) select ",
            sqlite_token!(),
            ", \
         id, 0.0, chapter, 'decay_game_over', json_object('score_before', before / 100.0), $1 \
         from temp.decay_owed where before = amount"
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
