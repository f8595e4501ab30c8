//! Connections to PostgreSQL, warm between two transactions.
//!
//! A pool asks a connection whether it still lives when it is taken, and again when it is given back: two round trips around
//! every transaction, of which ours are short. So those that have just done their work wait here, in front of the pool, and
//! are taken as they are:
//!
//! ```text
//!   take ◀── warm, used a moment ago ◀──┐
//!     ▲                                 │ done
//!     └───── the pool asks, or connects │           begun and not ended ──▶ rolled back, then to the pool
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection, PgConnection, PgPool, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{PATIENCE, Result, StoreError};
use crate::clock;

/// A connection that has been idle for longer is asked whether it still lives: a server may have been restarted.
const WARM: Duration = Duration::from_secs(1);

/// The connections of one store.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pool: PgPool,
    warm: Arc<Mutex<Vec<Warm>>>,
    /// As many as the pool has connections, so that whoever gets one never waits for a connection that is warm.
    seats: Arc<Semaphore>,
    /// Whether a server stands behind, and no pooler in transaction mode. There a statement may be prepared under a name that
    /// outlives its transaction; behind a pooler the next transaction is on another connection, where the name is not known,
    /// or is another client's.
    pub(super) direct: bool,
}

#[derive(Debug)]
struct Warm {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

/// A connection in use. Where it is dropped before [`Lent::give_back`], nobody knows how it stands, and the pool looks.
pub(crate) struct Lent {
    connection: Option<PoolConnection<Postgres>>,
    home: Connections,
    in_transaction: bool,
    _seat: OwnedSemaphorePermit,
}

impl Connections {
    /// `first` is one that is open already.
    pub(super) fn new(pool: PgPool, first: PoolConnection<Postgres>, direct: bool) -> Self {
        let seats = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        let connections = Self { pool, warm: Arc::default(), seats: Arc::new(Semaphore::new(seats)), direct };
        connections.keep(first);
        connections
    }

    /// A connection for one statement, or for a transaction to begin on.
    pub(super) async fn take(&self) -> Result<Lent> {
        let seat = tokio::time::timeout(PATIENCE, Arc::clone(&self.seats).acquire_owned()).await;
        let seat = seat.ok().and_then(std::result::Result::ok).ok_or(StoreError::from(sqlx::Error::PoolTimedOut))?;
        let connection = match self.warm().await {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(Lent { connection: Some(connection), home: self.clone(), in_transaction: false, _seat: seat })
    }

    /// The one that was used last: the fewer are in use, the fewer have to be kept warm.
    async fn warm(&self) -> Option<PoolConnection<Postgres>> {
        loop {
            let Warm { mut connection, since } = self.lock().pop()?;
            if since.elapsed() <= WARM || connection.ping().await.is_ok() {
                return Some(connection);
            }
            connection.close_on_drop();
        }
    }

    fn keep(&self, connection: PoolConnection<Postgres>) {
        self.lock().push(Warm { connection, since: clock::start() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Warm>> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says goodbye to the server on every connection.
    pub(super) async fn close(&self) {
        let warm = std::mem::take(&mut *self.lock());
        for Warm { connection, .. } in warm {
            // Nobody is left to tell.
            let _ = connection.close().await;
        }
        self.pool.close().await;
    }
}

impl Lent {
    /// Begins a transaction with this text, which may go on with settings for it: one round trip.
    pub(super) async fn begin(&mut self, text: &'static str) -> Result<()> {
        // From here on it may be open, whether or not we learn of it.
        self.in_transaction = true;
        sqlx::raw_sql(text).execute(self.connection()).await?;
        Ok(())
    }

    /// Ends a transaction; without one, each statement has committed itself.
    pub(super) async fn commit(mut self) -> Result<()> {
        if self.in_transaction {
            sqlx::raw_sql("commit").execute(self.connection()).await?;
        }
        self.give_back();
        Ok(())
    }

    /// Ends a transaction as if it had not been.
    pub(super) async fn rollback(mut self) -> Result<()> {
        if self.in_transaction {
            sqlx::raw_sql("rollback").execute(self.connection()).await?;
        }
        self.give_back();
        Ok(())
    }

    /// The connection itself.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        #[expect(clippy::expect_used, reason = "only giving it back, which takes `self`, leaves it empty")]
        self.connection.as_deref_mut().expect("a lent connection is there until it is given back")
    }

    /// Whether statements may be prepared under a name that outlives the transaction.
    pub(crate) const fn keeps_statements(&self) -> bool {
        self.home.direct
    }

    fn give_back(&mut self) {
        self.in_transaction = false;
        if let Some(connection) = self.connection.take() {
            self.home.keep(connection);
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if !self.in_transaction {
            return;
        }
        // As the pool does with a transaction of its own: what was begun is rolled back before another gets the connection.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if sqlx::raw_sql("rollback").execute(&mut *connection).await.is_err() {
                    connection.close_on_drop();
                }
            });
        } else {
            connection.close_on_drop();
        }
    }
}
