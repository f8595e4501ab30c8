//! The rule of [`crate::core::decay`] in SQL: the pieces that every statement of decay is made of.
//!
//! $1 to $10 are the chapters' graces and steps in microseconds, $11 is the run's time; a statement's own follow.

/// Who decays at all.
macro_rules! eligible {
    () => {
        "u.game_status = 'active' and u.onboarding_status in ('completed', 'skipped')"
    };
}

/// The grace of a player's chapter in microseconds; null for a chapter that is not 1 to 5.
macro_rules! grace {
    () => {
        "(case u.chapter when 1 then cast($1 as bigint) when 2 then cast($3 as bigint) when 3 then cast($5 as bigint) \
             when 4 then cast($7 as bigint) when 5 then cast($9 as bigint) end)"
    };
}

/// How long it takes a player to lose 0.01, in microseconds; null for a chapter that is not 1 to 5.
macro_rules! step {
    () => {
        "(case u.chapter when 1 then cast($2 as bigint) when 2 then cast($4 as bigint) when 3 then cast($6 as bigint) \
             when 4 then cast($8 as bigint) when 5 then cast($10 as bigint) end)"
    };
}

/// Who is passed over and counted: a score that is missing or below 0, a chapter that is not 1 to 5.
macro_rules! unreadable {
    () => {
        "(u.relationship_score is null or u.relationship_score < 0 or coalesce(u.chapter, 0) not between 1 and 5)"
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
        concat!(
            "case when u.last_interaction_at is null \
                  then coalesce(u.decayed_through, $11::timestamptz - interval '24 hours') \
                  else greatest(u.last_interaction_at + ",
            grace!(),
            " * interval '1 microsecond', u.decayed_through) end"
        )
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
            " + ",
            grace!(),
            ", coalesce(",
            us!("u.decayed_through"),
            ", 0)) end"
        )
    };
}

/// Whether a player owes at least a step, on PostgreSQL. Null, which is as good as no, where the chapter is not 1 to 5.
macro_rules! owes {
    () => {
        concat!(begins!(pg), " + ", step!(), " * interval '1 microsecond' <= $11::timestamptz")
    };
}

/// The overdue among the eligible, with what they owe in whole steps. On SQLite `$more` limits the players that are looked at.
macro_rules! overdue {
    (pg, $from:expr) => {
        concat!(
            "select u.ctid as place, u.id, u.chapter, u.telegram_id, u.notifications_enabled, \
                 u.relationship_score as before, ",
            begins!(pg),
            " as begins, ",
            step!(),
            " as step, \
                 (date_part('epoch', $11::timestamptz - (",
            begins!(pg),
            ")) * 1000000)::bigint / ",
            step!(),
            " as steps from ",
            $from,
            eligible!(),
            " and u.relationship_score >= 0 and ",
            owes!()
        )
    };
    // The limit, which limits nothing, keeps SQLite from working out each time anew for every mention of it.
    (sqlite, $more:expr) => {
        concat!(
            "select *, (instant - begins) / step as steps from (\
                 select u.rowid as player, u.id, u.chapter, u.telegram_id, u.notifications_enabled, \
                 cast(round(u.relationship_score * 100) as integer) as before, ",
            begins!(sqlite),
            " as begins, ",
            step!(),
            " as step, at.us as instant from (select ",
            us!("$11"),
            " as us limit 1) at cross join users u where ",
            eligible!(),
            " and u.relationship_score >= 0 ",
            $more,
            " limit -1) it where begins + step <= instant"
        )
    };
}

/// Whether it is a player's turn in a capped run, by the last turn's two parameters; both are null without a cap.
macro_rules! in_turn {
    (pg, $begins:literal, $id:literal) => {
        concat!(
            "(",
            $begins,
            "::timestamptz is null or (",
            begins!(pg),
            ", u.id) <= (",
            $begins,
            "::timestamptz, ",
            $id,
            "::uuid))"
        )
    };
    (sqlite, $begins:literal, $id:literal) => {
        concat!("(", $begins, " is null or (begins, id) <= (", us!($begins), ", ", $id, "))")
    };
}

/// Binds the ten numbers of the rules and the run's time, in front of a statement's own parameters.
macro_rules! with_rules {
    ($run:ident, $tx:expr, $row:ty, $order:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        let r = $order.rule_numbers();
        $run!($tx, $row, $sql, r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], DbTime($order.now) $(, $arg)*)
    }};
}

pub(super) use {begins, eligible, grace, in_turn, overdue, owes, step, unreadable, us, with_rules};
