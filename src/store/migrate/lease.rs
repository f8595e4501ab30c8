//! One `migrate` at a time: the lease `job:migrate`, and how a signal ends it early (spec 02, "Every wait ends").
//!
//! ```text
//!   nothing to do ────────────────────────────────────────▶ done
//!   to do ──▶ waits for the lease ──▶ holds it ──▶ done ──▶ released
//!                    │ signal            │ signal, or lost
//!                    ▼                   ▼
//!                  ended           its statement is cancelled ──▶ released
//! ```

use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{sleep, timeout};

use super::gently::Gently;
use super::{Plan, Store};
use crate::clock;
use crate::store::codec::{DbId, DbTime};
use crate::store::runs::{Lease, Runner};
use crate::store::session::{execute, fetch_one, fetch_optional};
use crate::store::sql::{self, postgres};
use crate::store::{Pool, Result, StoreError};

/// The pause between two tries to take the lease.
const AGAIN: Duration = Duration::from_millis(500);
/// How long to wait for a cancelled statement, and for the release of the lease.
const CANCELLED: Duration = Duration::from_secs(3);
const LAST_WORD: Duration = Duration::from_secs(1);

impl Store {
    /// Brings the schema up to date under a lease. Returns what was done, or none if `stopping` completed first.
    ///
    /// An SQLite file and an empty database need no lease, because they take a single transaction.
    ///
    /// # Errors
    /// Those of [`Store::migrate`]; [`crate::store::Class::Server`] if another `migrate` holds the lease for longer than
    /// `--db-timeout`.
    pub async fn migrate_under_lease(
        &self,
        lease: &Lease,
        runner: &Runner,
        stopping: impl Future<Output = ()>,
    ) -> Result<Option<Plan>> {
        if !self.is_beside_an_application().await? {
            return self.migrate().await.map(Some);
        }
        self.check_prerequisites().await?;
        let plan = self.plan_migration().await?;
        if plan.is_empty() {
            return Ok(Some(plan));
        }
        self.nothing_in_the_way().await?;
        let mark = format!("/* nikita-jobs migrate {} */ ", lease.execution);
        let gently = Gently { store: self, mark: &mark };
        let mut stopping = pin!(stopping);
        tokio::select! {
            held = async { gently.found().await?; self.wait_for(lease, runner).await } => held?,
            () = &mut stopping => return Ok(None),
        }
        let mut work = pin!(gently.migrate());
        let lost = tokio::select! {
            done = &mut work => {
                self.give_back(lease).await;
                return done.map(Some);
            }
            () = &mut stopping => None,
            lost = self.keep(lease, runner) => Some(lost),
        };
        // Each statement that is cancelled has no effect.
        let cancelled = async {
            loop {
                tokio::select! {
                    done = &mut work => return done,
                    () = self.cancel(&mark) => {}
                }
            }
        };
        let ended = timeout(CANCELLED, cancelled).await;
        self.give_back(lease).await;
        match (lost, ended) {
            (_, Ok(Ok(plan))) => Ok(Some(plan)),
            (Some(lost), _) => Err(lost),
            (None, _) => Ok(None),
        }
    }

    /// Takes the lease, once its holder has ended or died.
    async fn wait_for(&self, lease: &Lease, runner: &Runner) -> Result<()> {
        let began = clock::start();
        let mut is_told = false;
        while !self.take(lease, runner).await? {
            let Some((pid, host, until)) = self.who_migrates(lease).await? else { continue };
            if !is_told {
                tracing::warn!(host, pid, %until, "another migrate is running, waiting for it");
                is_told = true;
            }
            if self.patience().is_some_and(|most| began.elapsed() > most) {
                return Err(StoreError::unavailable(format!(
                    "another `nikita-jobs migrate` is running: process {pid} on {host} holds the lease {}, until {until} at least",
                    lease.key
                )));
            }
            sleep(AGAIN).await;
        }
        Ok(())
    }

    async fn take(&self, lease: &Lease, runner: &Runner) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let taken = self.take_lease(&mut tx, lease, runner).await?;
        tx.commit().await?;
        Ok(taken.is_some())
    }

    async fn who_migrates(&self, lease: &Lease) -> Result<Option<(i32, String, DateTime<Utc>)>> {
        let mut tx = self.autocommit().await?;
        let who: Option<(i32, String, DbTime)> = fetch_optional!(&mut tx, _, postgres::WHO_MIGRATES, &lease.key);
        tx.commit().await?;
        Ok(who.map(|(pid, host, until)| (pid, host, until.0)))
    }

    /// Renews the lease until another `migrate` takes it. An expired lease is taken again, which is safe because every step of `migrate`
    /// can be repeated.
    async fn keep(&self, lease: &Lease, runner: &Runner) -> StoreError {
        loop {
            sleep(lease.length / 3).await;
            match self.renew(lease, runner).await {
                Ok(true) => {}
                Ok(false) => {
                    return StoreError::unavailable(format!(
                        "another `nikita-jobs migrate` has taken the lease {}; run `nikita-jobs migrate` again when it is done",
                        lease.key
                    ));
                }
                Err(error) => tracing::warn!(%error, "lease not renewed, trying again"),
            }
        }
    }

    async fn renew(&self, lease: &Lease, runner: &Runner) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let (now, length) = (self.now_parameter(), lease.length.as_secs_f64());
        let renewed = execute!(&mut tx, sql::RENEW_LEASE, now, &lease.key, DbId::from(lease.token), length);
        tx.commit().await?;
        if renewed == 1 { Ok(true) } else { self.take(lease, runner).await }
    }

    async fn give_back(&self, lease: &Lease) {
        let given = async {
            let mut tx = self.begin_write().await?;
            execute!(&mut tx, sql::RELEASE_LEASE, &lease.key, DbId::from(lease.token));
            tx.commit().await
        };
        match timeout(LAST_WORD, given).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "lease not released, it will expire"),
            Err(_) => tracing::warn!("lease not released, it will expire"),
        }
    }

    /// Cancels our running statements on the server.
    async fn cancel(&self, mark: &str) {
        let asked = async {
            let mut tx = self.autocommit().await?;
            let (cancelled,): (i64,) = fetch_one!(&mut tx, _, postgres::CANCEL_MARKED, mark);
            tx.commit().await?;
            Ok::<_, StoreError>(cancelled)
        };
        match asked.await {
            Ok(cancelled) => tracing::debug!(cancelled, "running statements cancelled"),
            Err(error) => tracing::warn!(%error, "running statements could not be cancelled"),
        }
        sleep(AGAIN / 5).await;
    }

    /// The timeout for the lease, if any.
    fn patience(&self) -> Option<Duration> {
        match &self.pool {
            Pool::Pg(connections) => connections.patience(),
            Pool::Sqlite(_) => None,
        }
    }
}
