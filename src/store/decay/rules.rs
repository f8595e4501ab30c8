//! The rule of [`crate::core::decay`] in SQL: the pieces that every statement of decay is made of.
//!
//! $1 to $10 are the chapters' graces and steps in microseconds, $11 is the run's time; a statement's own follow.

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

pub(super) use {begins, eligible, overdue, rules, us, with_rules};
