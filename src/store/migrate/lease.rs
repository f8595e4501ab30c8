//! One `migrate` at a time: the lease `job:migrate`, and how it ends before its time (spec 02, "Every wait ends").
//!
//! ```text
//!   nothing to do ────────────────────────────────────────▶ done
//!   to do ──▶ waits for who holds the lease ──▶ holds it ──▶ done ──▶ given back
//!                    │ signal                      │ signal, or lost
//!                    ▼                             ▼
//!                  ended                     its statement is cancelled ──▶ given back
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

/// How often somebody who waits for the lease asks.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a cancelled statement, and a last word, may take.
const CANCELLED: Duration = Duration::from_secs(3);
const LAST_WORD: Duration = Duration::from_secs(1);

impl Store {
    /// Brings the schema up to date under a lease; what was done, or nothing where `stopping` was done first.
    ///
    /// An SQLite file and an empty database take one transaction, which is a lease by itself.
    ///
    /// # Errors
    /// Those of [`Store::migrate`]; [`crate::store::Class::Server`] where another `migrate` holds the lease for longer than
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
        self.preflight().await?;
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
        // What it does in between is done whole, or not at all.
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

    /// Takes the lease, when whoever holds it is done or dead.
    async fn wait_for(&self, lease: &Lease, runner: &Runner) -> Result<()> {
        let began = clock::start();
        let mut is_told = false;
        while !self.take(lease, runner).await? {
            let Some((pid, host, until)) = self.who_migrates(lease).await? else { continue };
            if !is_told {
                tracing::warn!(host, pid, %until, "another migrate is at work, waiting for it");
                is_told = true;
            }
            if self.patience().is_some_and(|most| began.elapsed() > most) {
                return Err(StoreError::unavailable(format!(
                    "another `nikita-jobs migrate` is at work: process {pid} on {host} holds the lease {}, until {until} at least",
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

    /// Renews the lease; ends when another has it. Where it could not be renewed in time, it is taken again: what `migrate` does may
    /// be done twice, as long as nobody else is at it.
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
            Ok(Err(error)) => tracing::warn!(%error, "the lease ends by itself"),
            Err(_) => tracing::warn!("the lease ends by itself"),
        }
    }

    /// Cancels what of ours is under way on the server.
    async fn cancel(&self, mark: &str) {
        let asked = async {
            let mut tx = self.autocommit().await?;
            let (cancelled,): (i64,) = fetch_one!(&mut tx, _, postgres::CANCEL_MARKED, mark);
            tx.commit().await?;
            Ok::<_, StoreError>(cancelled)
        };
        match asked.await {
            Ok(cancelled) => tracing::debug!(cancelled, "the statement under way is cancelled"),
            Err(error) => tracing::warn!(%error, "the statement under way could not be cancelled"),
        }
        sleep(AGAIN / 5).await;
    }

    /// How long a wait may be, where somebody says.
    fn patience(&self) -> Option<Duration> {
        match &self.pool {
            Pool::Pg(connections) => connections.patience(),
            Pool::Sqlite(_) => None,
        }
    }
}
