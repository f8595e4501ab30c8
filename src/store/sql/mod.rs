//! The statements, a file each in `postgres`, `sqlite` or, where both databases understand it, `common`. `build.rs` makes a constant of
//! each and says how a file is written.
//!
//! Where two statements must hold the same condition, it stands in both between `-- [name]` and `-- [/name]`; `tests/architecture.rs`
//! holds such blocks of one dialect to one text.

/// One statement, in the words of both databases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    /// For PostgreSQL, with `$n` for parameters.
    pub(crate) postgres: &'static str,
    /// For SQLite, with `?n` for parameters.
    pub(crate) sqlite: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/statements.rs"));

/// What can be sent: a [`Statement`], a text for one database alone, or one made from a file with its limit put in.
pub(crate) trait Text {
    /// As sqlx takes it.
    type Sent: sqlx::SqlSafeStr;
    /// The text for PostgreSQL.
    fn postgres(self) -> Self::Sent;
    /// The text for SQLite.
    fn sqlite(self) -> Self::Sent;
}

impl Text for Statement {
    type Sent = &'static str;
    fn postgres(self) -> &'static str {
        self.postgres
    }
    fn sqlite(self) -> &'static str {
        self.sqlite
    }
}

impl Text for &'static str {
    type Sent = Self;
    fn postgres(self) -> Self {
        self
    }
    fn sqlite(self) -> Self {
        self
    }
}

impl Text for sqlx::AssertSqlSafe<String> {
    type Sent = Self;
    fn postgres(self) -> Self {
        self
    }
    fn sqlite(self) -> Self {
        self
    }
}
