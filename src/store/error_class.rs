//! Classes of failures (spec 02): which SQLSTATE, or SQLite code, belongs to which class, and whether an item or the run bears the failure.

/// The class of a failed statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The server's fault: items in flight are released without an attempt, and the run ends with 69.
    Server,
    /// A conflict of two transactions. Retried; after that like `Server`.
    Contention,
    /// The row's fault: the failure counts for this item, and the others continue.
    Row,
    /// The row's fault if the same statement succeeds for another item, otherwise the server's.
    Unclear,
    /// A wrong setting, permission or file: 78; the row's fault if the same statement succeeds for another item.
    Configuration,
    /// A missing table or column: 78; the row's fault if the same statement succeeds for another item.
    Schema,
    /// Anything else: the row's fault if there is one, otherwise the run's.
    Run,
}

/// How the same statement ended for another item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Another {
    /// There is no other item.
    None,
    /// It succeeded.
    Works,
    /// It failed as well.
    Fails,
}

impl Class {
    /// Whether a failure counts for the statement's item. Otherwise the item is released without an attempt, and the run ends.
    #[must_use]
    pub const fn is_the_items(self, another: Another) -> bool {
        match self {
            Self::Server | Self::Contention => false,
            Self::Row | Self::Run => true,
            Self::Unclear | Self::Configuration | Self::Schema => matches!(another, Another::Works),
        }
    }

    /// Whether another item must be tried before [`Class::is_the_items`] can say.
    #[must_use]
    pub const fn asks_another(self) -> bool {
        matches!(self, Self::Unclear | Self::Configuration | Self::Schema)
    }

    /// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>. `constraint` is the one that a 23505 names; `message`
    /// distinguishes two uses of one code.
    pub(super) fn of_sqlstate(code: &str, constraint: Option<&str>, message: &str) -> Self {
        match code {
            "55P03" | "25P03" | "25006" | "40003" => Self::Server,
            // The last one: two concurrent migrations.
            "40001" | "40P01" | "42P07" => Self::Contention,
            "23505" if constraint.is_some_and(is_ours) => Self::Contention,
            // The application has altered a table since the statement was prepared; a new connection works.
            "0A000" if message.starts_with("cached plan") => Self::Contention,
            "42804" | "P0001" => Self::Row,
            "57014" => Self::Unclear,
            // The last two, a missing or duplicate prepared statement, occur behind a pooler that the URL does not declare.
            "42501" | "26000" | "42P05" => Self::Configuration,
            "42P01" | "42703" | "NJ001" => Self::Schema,
            _ => match code.get(..2).unwrap_or_default() {
                "08" if message.starts_with("unsupported startup parameter") => Self::Configuration,
                "08" | "53" | "57" | "58" => Self::Server,
                "22" | "23" => Self::Row,
                "54" | "XX" => Self::Unclear,
                "28" | "3D" => Self::Configuration,
                _ => Self::Run,
            },
        }
    }

    /// By result code: <https://www.sqlite.org/rescode.html>.
    pub(super) fn of_sqlite(extended: i32, message: &str) -> Self {
        match extended & 0xff {
            // BUSY, LOCKED, NOMEM, IOERR, FULL.
            5 | 6 | 7 | 10 | 13 => Self::Server,
            // SCHEMA: another program has altered a table under a statement.
            17 => Self::Contention,
            // A primary key or unique index; the message names its columns, or the index.
            19 if [1555, 2067].contains(&extended) && OURS_ON_SQLITE.iter().any(|ours| message.contains(ours)) => {
                Self::Contention
            }
            // CONSTRAINT, MISMATCH.
            19 | 20 => Self::Row,
            // INTERRUPT, TOOBIG, INTERNAL.
            2 | 9 | 18 => Self::Unclear,
            // PERM, READONLY, CORRUPT, CANTOPEN, AUTH, NOTADB.
            3 | 8 | 11 | 14 | 23 | 26 => Self::Configuration,
            1 if message.starts_with("no such table") || message.starts_with("no such column") => Self::Schema,
            _ => Self::Run,
        }
    }
}

/// Whether two of our own transactions can conflict on a unique index, so that a retry of the loser succeeds. Two concurrent migrations can
/// conflict on those of the catalogue (`pg_…`).
fn is_ours(constraint: &str) -> bool {
    constraint.starts_with("pg_") || OURS.contains(&constraint)
}

const OURS: [&str; 11] = [
    "conversations_one_claim_per_user",
    "conversations_one_claim_per_player",
    "ready_prompts_current",
    "daily_summaries_user_id_date_key",
    "user_metrics_user_id_key",
    "engagement_state_user_id_key",
    "job_executions_pkey",
    "job_leases_pkey",
    "provider_breakers_pkey",
    "provider_lessons_pkey",
    "stage_memos_pkey",
];

const OURS_ON_SQLITE: [&str; 11] = [
    "conversations.user_id",
    "conversations_one_claim",
    "ready_prompts.user_id, ready_prompts.platform",
    "daily_summaries.user_id, daily_summaries.date",
    "user_metrics.user_id",
    "engagement_state.user_id",
    "job_executions.id",
    "job_leases.lease_key",
    "provider_breakers.provider",
    "provider_lessons.address",
    "stage_memos.conversation_id",
];

#[cfg(test)]
mod tests {
    use super::{Another, Class};

    #[test]
    fn the_table_of_the_specification() {
        use Class::{Configuration, Contention, Row, Run, Schema, Server, Unclear};
        let table: [(Class, &[&str]); 7] = [
            (
                Server,
                &["08000", "08006", "08P01", "53100", "53200", "53300", "55P03", "57P01", "57P03", "57P05", "58030"],
            ),
            (Server, &["25P03", "25006", "40003"]),
            (Contention, &["40001", "40P01", "42P07"]),
            (Row, &["22003", "22P02", "22000", "23503", "23514", "23502", "23505", "P0001", "42804"]),
            (Unclear, &["54000", "54001", "57014", "XX000", "XX001", "XX002"]),
            (Configuration, &["28P01", "28000", "3D000", "42501", "26000"]),
            (Schema, &["42P01", "42703", "NJ001"]),
        ];
        for (class, codes) in table {
            for code in codes {
                assert_eq!(Class::of_sqlstate(code, None, ""), class, "{code}");
            }
        }
        for code in ["25001", "0A000", "42601", "P0002", "55006", "", "5"] {
            assert_eq!(Class::of_sqlstate(code, None, ""), Run, "{code}");
        }
        let unique = |constraint| Class::of_sqlstate("23505", Some(constraint), "");
        assert_eq!(unique("ready_prompts_current"), Contention);
        assert_eq!(unique("users_phone_key"), Row);
        let parameter = "unsupported startup parameter: options";
        assert_eq!(Class::of_sqlstate("08P01", None, parameter), Configuration);
    }

    #[test]
    fn the_table_for_sqlite() {
        use Class::{Configuration, Contention, Row, Run, Schema, Server, Unclear};
        for (code, message, class) in [
            (5, "", Server),
            (517, "", Server),
            (7, "", Server),
            (13, "", Server),
            (3338, "", Server),
            (8, "", Configuration),
            (14, "", Configuration),
            (11, "", Configuration),
            (26, "", Configuration),
            (9, "", Unclear),
            (1811, "refused", Row),
            (787, "", Row),
            (2067, "UNIQUE constraint failed: users.phone", Row),
            (2067, "UNIQUE constraint failed: conversations.user_id", Contention),
            (1, "no such table: users", Schema),
            (1, "no such column: x", Schema),
            (1, "malformed JSON", Run),
        ] {
            assert_eq!(Class::of_sqlite(code, message), class, "{code} {message}");
        }
    }

    #[test]
    fn another_item_tells_whose_it_is() {
        use Another::{Fails, None, Works};
        let bears = |class: Class| [None, Fails, Works].map(|another| class.is_the_items(another));
        assert_eq!(bears(Class::Server), [false; 3]);
        assert_eq!(bears(Class::Contention), [false; 3]);
        assert_eq!(bears(Class::Row), [true; 3]);
        assert_eq!(bears(Class::Run), [true; 3]);
        for unsure in [Class::Unclear, Class::Configuration, Class::Schema] {
            assert_eq!(bears(unsure), [false, false, true]);
            assert!(unsure.asks_another());
        }
    }
}
