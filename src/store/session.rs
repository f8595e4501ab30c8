//! A transaction on either database, and the few ways of running a statement in it.
//!
//! SQL that both databases understand is written once, with `$1` for parameters. Where they differ, [`Tx::pick`] takes the
//! two texts side by side.

use sqlx::{Postgres, Sqlite, Transaction};

use super::error::Result;

/// An open transaction. It never leaves the store (spec 08), and is rolled back where it is dropped.
pub(crate) enum Tx {
    Pg(PgTx),
    Sqlite(Transaction<'static, Sqlite>),
}

/// An open transaction on PostgreSQL.
pub(crate) struct PgTx {
    pub(crate) open: Transaction<'static, Postgres>,
    /// Whether statements may be prepared under a name that outlives the transaction. Behind a pooler in transaction mode they may
    /// not: the next transaction is on another connection, where the name is not known, or is another client's.
    pub(crate) keeps_statements: bool,
}

impl Tx {
    /// The text for the database at hand.
    pub(crate) const fn pick(&self, postgres: &'static str, sqlite: &'static str) -> &'static str {
        match self {
            Self::Pg(_) => postgres,
            Self::Sqlite(_) => sqlite,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Pg(tx) => tx.open.commit().await?,
            Self::Sqlite(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Pg(tx) => tx.open.rollback().await?,
            Self::Sqlite(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Runs a statement; the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                sqlx::query($sql)$(.bind($arg))*.persistent(conn.keeps_statements).execute(&mut *conn.open).await?.rows_affected()
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query($sql)$(.bind($arg))*.execute(&mut **conn).await?.rows_affected()
            }
        }
    }};
}

/// Runs a statement for all its rows.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.persistent(conn.keeps_statements).fetch_all(&mut *conn.open).await?
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(&mut **conn).await?
            }
        }
    }};
}

/// Runs a statement for its first row, if it has one.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.persistent(conn.keeps_statements).fetch_optional(&mut *conn.open).await?
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(&mut **conn).await?
            }
        }
    }};
}

/// Runs a statement for its one row.
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.persistent(conn.keeps_statements).fetch_one(&mut *conn.open).await?
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_one(&mut **conn).await?
            }
        }
    }};
}

/// The database's clock in SQL, unless the parameter holds the hidden `--now`. Liveness is written and judged by it.
macro_rules! pg_now {
    ($parameter:literal) => {
        concat!("coalesce(", $parameter, "::timestamptz, clock_timestamp())")
    };
}

/// As [`pg_now`], with SQLite's clock, which has milliseconds.
macro_rules! sqlite_now {
    ($parameter:literal) => {
        concat!("coalesce(", $parameter, ", strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))")
    };
}

pub(crate) use {execute, fetch_all, fetch_one, fetch_optional, pg_now, sqlite_now};
