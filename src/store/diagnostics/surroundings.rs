//! The queries of `doctor` about our surroundings: the connection to the server, and the rows and sessions of other programs.

use chrono::{DateTime, Utc};

use crate::core::doctor::surroundings::{Counts, Way};
use crate::store::codec::DbTime;
use crate::store::read::row;
use crate::store::session::{Tx, fetch_one};
use crate::store::{Result, Store, sql};

row! {
    struct CountsRow {
        odd_ids: i64,
        future_runs: i64,
        future_leases: i64,
        future_watermarks: i64,
        foreign_runs: i64,
        waiting: i64,
        idle_in_transaction: i64,
    }
}

row! {
    struct WayRow {
        encrypted: bool,
        offers_tls: bool,
        port: Option<i32>,
        standby: bool,
        waits_for_standby: bool,
        standbys: i64,
    }
}

impl Store {
    /// Counts rows that the jobs pass over or distrust, and sessions that block others. Reads whole tables.
    pub async fn doctor_counts(&self, now: DateTime<Utc>) -> Result<Counts> {
        let mut tx = self.begin_read().await?;
        let row: CountsRow = fetch_one!(&mut tx, _, sql::DOCTOR_COUNTS, DbTime(now));
        tx.rollback().await?;
        Ok(Counts {
            odd_ids: row.odd_ids,
            future_runs: row.future_runs,
            future_leases: row.future_leases,
            future_watermarks: row.future_watermarks,
            foreign_runs: row.foreign_runs,
            waiting: row.waiting,
            idle_in_transaction: row.idle_in_transaction,
        })
    }

    /// The connection as the server sees it; none on SQLite.
    pub async fn way(&self) -> Result<Option<Way>> {
        let mut tx = self.begin_read().await?;
        if let Tx::Sqlite(_) = tx {
            return Ok(None);
        }
        let row: WayRow = fetch_one!(&mut tx, _, sql::postgres::DOCTOR_SERVER);
        tx.rollback().await?;
        Ok(Some(Way {
            encrypted: row.encrypted,
            offers_tls: row.offers_tls,
            port: row.port,
            standby: row.standby,
            waits_for_standby: row.waits_for_standby,
            standbys: row.standbys,
        }))
    }
}
