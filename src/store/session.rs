//! A transaction on either database, and the macros that run a statement in it.
//!
//! SQL that both databases understand is written once, with `$1` for parameters. Otherwise [`Tx::pick`] chooses between two texts.

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::connections::PooledConnection;
use super::error::Result;

/// An open transaction, or a connection in autocommit mode. It never leaves the store (spec 08). Dropping it rolls the transaction
/// back.
pub(crate) enum Tx {
    Pg(PooledConnection),
    Sqlite(SqliteTx),
}

/// The same on SQLite.
pub(crate) enum SqliteTx {
    Begun(Transaction<'static, Sqlite>),
    Alone(PoolConnection<Sqlite>),
}

impl SqliteTx {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Begun(tx) => tx,
            Self::Alone(connection) => connection,
        }
    }
}

impl Tx {
    /// The text for this database.
    pub(crate) const fn pick(&self, postgres: &'static str, sqlite: &'static str) -> &'static str {
        match self {
            Self::Pg(_) => postgres,
            Self::Sqlite(_) => sqlite,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Pg(pooled) => pooled.commit().await?,
            Self::Sqlite(SqliteTx::Begun(tx)) => tx.commit().await?,
            Self::Sqlite(SqliteTx::Alone(_)) => {}
        }
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Pg(pooled) => pooled.rollback().await?,
            Self::Sqlite(SqliteTx::Begun(tx)) => tx.rollback().await?,
            Self::Sqlite(SqliteTx::Alone(_)) => {}
        }
        Ok(())
    }
}

/// Runs a statement and returns the number of affected rows.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                let asked = sqlx::query($crate::store::sql::Text::postgres($sql))$(.bind($arg))*.persistent(conn.keeps_statements());
                let answer = conn.within().wait(asked.execute(conn.connection()?)).await;
                conn.checked(answer)?.rows_affected()
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query($crate::store::sql::Text::sqlite($sql))$(.bind($arg))*.execute(conn.connection()).await?.rows_affected()
            }
        }
    }};
}

/// Runs a statement and returns all rows.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                let asked = sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres($sql))$(.bind($arg))*.persistent(conn.keeps_statements());
                let answer = conn.within().wait(asked.fetch_all(conn.connection()?)).await;
                conn.checked(answer)?
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite($sql))$(.bind($arg))*.fetch_all(conn.connection()).await?
            }
        }
    }};
}

/// Runs a statement and returns the first row, if any.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                let asked = sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres($sql))$(.bind($arg))*.persistent(conn.keeps_statements());
                let answer = conn.within().wait(asked.fetch_optional(conn.connection()?)).await;
                conn.checked(answer)?
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite($sql))$(.bind($arg))*.fetch_optional(conn.connection()).await?
            }
        }
    }};
}

/// Runs a statement and returns its only row.
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {{
        match $tx {
            $crate::store::session::Tx::Pg(conn) => {
                let asked = sqlx::query_as::<_, $row>($crate::store::sql::Text::postgres($sql))$(.bind($arg))*.persistent(conn.keeps_statements());
                let answer = conn.within().wait(asked.fetch_one(conn.connection()?)).await;
                conn.checked(answer)?
            }
            $crate::store::session::Tx::Sqlite(conn) => {
                sqlx::query_as::<_, $row>($crate::store::sql::Text::sqlite($sql))$(.bind($arg))*.fetch_one(conn.connection()).await?
            }
        }
    }};
}

pub(crate) use {execute, fetch_all, fetch_one, fetch_optional};
