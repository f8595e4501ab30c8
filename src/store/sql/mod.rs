//! The statements, one file each, in `postgres`, `sqlite` or, if both databases understand it, `common`. `build.rs` makes each a constant
//! and documents the format.
//!
//! If two statements must have the same condition, each contains it between `-- [name]` and `-- [/name]`; `tests/architecture.rs` checks
//! that such blocks are equal within a dialect.

/// A statement in both dialects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    /// For PostgreSQL, with `$n` for parameters.
    pub(crate) postgres: &'static str,
    /// For SQLite, with `?n` for parameters.
    pub(crate) sqlite: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/statements.rs"));

/// A statement that can be sent: a [`Statement`], a text for one database alone, or a file's text with its limit filled in.
pub(crate) trait Text {
    /// The type for sqlx.
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
