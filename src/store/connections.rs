//! A pool of PostgreSQL connections, with a timeout for every response.
//!
//! ```text
//!   take ◀── idle, used a moment ago ◀──┐
//!     ▲                                 │ done
//!     ├───── idle, pinged ◀─────────────┤ dropped: rolled back, or pinged
//!     └───── connected                  └──▶ closed if it does not answer
//! ```
//!
//! The command's [`Timeouts`] set the timeout. A connection that exceeds it is closed, because its state is unknown.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Result, StoreError};
use super::servers::Servers;
use super::timeouts::{ACQUIRE, CLOSE, Timeouts};
use crate::clock;

/// A connection that has been idle for longer is pinged before use: the server can have been restarted.
const WARM: Duration = Duration::from_secs(1);

/// The connections of one store.
#[derive(Clone, Debug)]
pub(super) struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    servers: Servers,
    timeouts: Timeouts,
    warm: Mutex<Vec<Warm>>,
    /// A permit for each connection that can be open. If the server refuses more connections, permits are withdrawn.
    seats: Arc<Semaphore>,
    /// How many seats there are, those in use counted.
    all_seats: AtomicUsize,
    open: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Warm {
    open: Open,
    since: Instant,
}

/// An open connection.
#[derive(Debug)]
struct Open {
    connection: PgConnection,
    server: usize,
    _counted: Counted,
}

/// Counts a connection for as long as it is open.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection in use. If it is dropped before [`PooledConnection::give_back`], its state is unknown, and it is checked before it is used again.
pub(crate) struct PooledConnection {
    open: Option<Open>,
    home: Connections,
    in_transaction: bool,
    /// Whether a read of a whole table is in progress, which has a longer timeout.
    is_long: bool,
    seat: Option<OwnedSemaphorePermit>,
}

/// The timeout of a response.
#[derive(Clone, Copy)]
pub(crate) struct Within(Option<Duration>);

/// Why there is no usable response.
pub(crate) enum NoResponse {
    /// The timeout passed.
    TimedOut(Duration),
    /// The response is an error.
    Failed(sqlx::Error),
}

impl Within {
    /// Waits for a response.
    pub(crate) async fn wait<T>(self, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, NoResponse> {
        let answer = match self.0 {
            Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| NoResponse::TimedOut(limit))?,
            None => answer.await,
        };
        answer.map_err(NoResponse::Failed)
    }
}

impl NoResponse {
    fn is_lost(&self) -> bool {
        match self {
            Self::TimedOut(_) => true,
            Self::Failed(error) => !matches!(error, sqlx::Error::Database(_)),
        }
    }

    fn error(self, of: &str, server: &str) -> StoreError {
        match self {
            Self::Failed(error) => error.into(),
            Self::TimedOut(limit) => StoreError::unanswered(format!(
                "{server} has not answered {of} within {} s: it is frozen, unreachable, or waiting for something itself, such as \
                 a synchronous standby that is gone. Whether {of} has been carried out is unknown",
                limit.as_secs_f64()
            )),
        }
    }
}

impl Connections {
    /// Opens the pool with one connection, to find errors in the URL or the server now.
    pub(super) async fn open(servers: Servers, timeouts: Timeouts, most: u32) -> Result<Self> {
        let most = usize::try_from(most).unwrap_or(1);
        let connections = Self(Arc::new(Inner {
            servers,
            timeouts,
            warm: Mutex::default(),
            seats: Arc::new(Semaphore::new(most)),
            all_seats: AtomicUsize::new(most),
            open: Arc::default(),
        }));
        let first = connections.connect(true).await?;
        connections.keep(first);
        Ok(connections)
    }

    async fn connect(&self, patient: bool) -> Result<Open> {
        let (connection, server) = self.0.servers.connect(&self.0.timeouts, patient).await?;
        self.0.open.fetch_add(1, Ordering::SeqCst);
        Ok(Open { connection, server, _counted: Counted(Arc::clone(&self.0.open)) })
    }

    /// A connection for one statement, or for a transaction to begin on.
    pub(super) async fn take(&self) -> Result<PooledConnection> {
        loop {
            let patience = self.0.timeouts.answer().map_or(ACQUIRE, |answer| answer.max(ACQUIRE));
            let seat = tokio::time::timeout(patience, Arc::clone(&self.0.seats).acquire_owned()).await;
            let seat =
                seat.ok().and_then(std::result::Result::ok).ok_or(StoreError::from(sqlx::Error::PoolTimedOut))?;
            let open = match self.warm().await? {
                Some(open) => open,
                None => match self.connect(self.0.open.load(Ordering::SeqCst) == 0).await {
                    Ok(open) => open,
                    Err(error) if error.says_no_connection_is_left() => {
                        // The server refuses another connection: from now on share those that are open.
                        if self.0.open.load(Ordering::SeqCst) > 0 {
                            seat.forget();
                            self.0.all_seats.fetch_sub(1, Ordering::SeqCst);
                        }
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            let home = self.clone();
            return Ok(PooledConnection {
                open: Some(open),
                home,
                in_transaction: false,
                is_long: false,
                seat: Some(seat),
            });
        }
    }

    /// The idle connection that was used last, so that as few as possible stay in use.
    async fn warm(&self) -> Result<Option<Open>> {
        loop {
            let Some(Warm { mut open, since }) = self.lock().pop() else { return Ok(None) };
            if since.elapsed() <= WARM {
                return Ok(Some(open));
            }
            match Within(self.0.timeouts.answer()).wait(open.connection.ping()).await {
                Ok(()) => return Ok(Some(open)),
                // A new connection would meet the same silent server.
                Err(lost @ NoResponse::TimedOut(_)) => {
                    return Err(lost.error("whether it is there", self.0.servers.name(open.server)));
                }
                Err(NoResponse::Failed(_)) => {}
            }
        }
    }

    fn keep(&self, open: Open) {
        self.lock().push(Warm { open, since: clock::start() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Warm>> {
        self.0.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is no pooler in transaction mode in between.
    pub(super) fn is_direct(&self) -> bool {
        self.0.servers.direct
    }

    /// Whether there is one connection alone, for which everything waits, a heartbeat, too.
    pub(super) fn is_only_one(&self) -> bool {
        self.0.all_seats.load(Ordering::SeqCst) <= 1
    }

    /// How long the next answer may take; none: for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.0.timeouts.answer()
    }

    /// Whether each statement must be in a transaction that begins with our settings.
    pub(super) fn by_text(&self) -> bool {
        self.0.servers.by_text()
    }

    /// Takes note of the `lock_timeout` in force. If it is not ours, each transaction sets it from now on.
    pub(super) fn learn(&self, lock_timeout: &str) {
        if !self.by_text() && !self.0.timeouts.is_in_force(lock_timeout) {
            tracing::debug!(lock_timeout, "the start-up options are not in force; each transaction begins with them");
            self.0.servers.go_by_text();
        }
    }

    /// Closes every idle connection.
    pub(super) async fn close(&self) {
        let warm = std::mem::take(&mut *self.lock());
        let farewells = warm.into_iter().map(|it| it.open.connection.close());
        // A failure does not matter any more.
        let _ = tokio::time::timeout(CLOSE, futures_util::future::join_all(farewells)).await;
    }
}

impl PooledConnection {
    /// The timeout of the next response.
    pub(crate) fn within(&self) -> Within {
        let timeouts = &self.home.0.timeouts;
        Within(if self.is_long { timeouts.long_answer() } else { timeouts.answer() })
    }

    /// Checks a response. Without one, the state of the connection is unknown, so it is closed.
    pub(crate) fn checked<T>(&mut self, answer: Result<T, NoResponse>) -> Result<T> {
        self.checked_as("a statement", answer)
    }

    fn checked_as<T>(&mut self, what: &str, answer: Result<T, NoResponse>) -> Result<T> {
        answer.map_err(|failure| {
            let server = self.server().to_owned();
            if failure.is_lost() {
                self.open = None;
            }
            failure.error(what, &server)
        })
    }

    /// The server's name.
    pub(super) fn server(&self) -> &str {
        self.open.as_ref().map_or("the server", |open| self.home.0.servers.name(open.server))
    }

    /// Begins a transaction with additional settings, in one round trip.
    pub(super) async fn begin(&mut self, more: &str) -> Result<()> {
        let text = if self.home.by_text() {
            format!("begin{}{more}", self.home.0.timeouts.local_settings())
        } else {
            format!("begin{more}")
        };
        // From here on a transaction can be open, even if the response is lost.
        self.in_transaction = true;
        let within = self.within();
        let answer = within.wait(sqlx::raw_sql(AssertSqlSafe(text)).execute(self.connection()?)).await;
        self.checked(answer).map(drop)
    }

    /// Begins a transaction that reads a whole table, with a longer timeout.
    pub(super) async fn begin_long(&mut self, more: &str) -> Result<()> {
        let long = format!("{}{more}", self.home.0.timeouts.long_settings());
        self.begin(&long).await?;
        self.is_long = true;
        Ok(())
    }

    /// Runs one statement in the simple protocol, in one round trip. A pooler can't split it.
    pub(super) async fn simple(&mut self, sql: String) -> Result<Vec<PgRow>> {
        let text = if self.home.by_text() {
            format!("begin{}; {sql}; commit", self.home.0.timeouts.local_settings())
        } else {
            sql
        };
        let within = self.within();
        let answer = within.wait(sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(self.connection()?)).await;
        self.checked(answer)
    }

    /// Commits the transaction, if one is open, and returns the connection to the pool.
    pub(super) async fn commit(mut self) -> Result<()> {
        if self.in_transaction {
            let within = self.within();
            let answer = within.wait(sqlx::raw_sql("commit").execute(self.connection()?)).await;
            self.checked_as("COMMIT", answer)?;
        }
        self.give_back();
        Ok(())
    }

    /// Rolls back the transaction, if one is open, and returns the connection to the pool.
    pub(super) async fn rollback(mut self) -> Result<()> {
        if self.in_transaction {
            let within = self.within();
            let answer = within.wait(sqlx::raw_sql("rollback").execute(self.connection()?)).await;
            self.checked_as("ROLLBACK", answer)?;
        }
        self.give_back();
        Ok(())
    }

    /// The connection itself.
    ///
    /// # Errors
    /// If it has been closed because it did not answer.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection> {
        let open = self.open.as_mut().map(|open| &mut open.connection);
        open.ok_or_else(|| StoreError::unavailable("the connection was lost before"))
    }

    /// Whether statements can be prepared under a name that outlives the transaction.
    pub(crate) fn keeps_statements(&self) -> bool {
        self.home.is_direct()
    }

    fn give_back(&mut self) {
        self.in_transaction = false;
        if let Some(open) = self.open.take() {
            self.home.keep(open);
        }
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let (Some(mut open), Ok(runtime)) = (self.open.take(), tokio::runtime::Handle::try_current()) else { return };
        let (home, seat, in_transaction) = (self.home.clone(), self.seat.take(), self.in_transaction);
        // Rolls back, and waits for any outstanding response, before the connection is used again.
        runtime.spawn(async move {
            let within = Within(home.0.timeouts.answer());
            let settled = if in_transaction {
                within.wait(sqlx::raw_sql("rollback").execute(&mut open.connection)).await.is_ok()
            } else {
                within.wait(open.connection.ping()).await.is_ok()
            };
            if settled {
                home.keep(open);
            }
            drop(seat);
        });
    }
}
