//! The checks of a PostgreSQL database.

use chrono::{DateTime, Utc};

use super::findings::{failed, schema, skipped};
use crate::clock;
use crate::config::database::Database;
use crate::core::doctor::judge::{self, Pooling};
use crate::core::doctor::{Check, Mark, surroundings};
use crate::store::diagnostics::{Place, place};
use crate::store::timeouts::Timeouts;
use crate::store::{Store, StoreError};

/// The checks that need a connection.
const LATER: [&str; 9] = [
    "database.pooler",
    "database.transport",
    "database.proxy",
    "database.role",
    "database.clock",
    "database.access",
    "database.schema",
    "database.pgvector",
    "database.other_runner",
];

/// The checks, and the database if its schema is this binary's.
pub(super) async fn examine(
    database: &Database,
    timeouts: Timeouts,
    now: Option<DateTime<Utc>>,
) -> (Vec<Check>, Option<Store>) {
    let (store, place, connection) = match connect(database, timeouts, now).await {
        Ok(found) => found,
        Err(error) => {
            let mut checks = vec![failed("database.connection", error)];
            checks.extend(skipped(LATER, "there is no connection to the database"));
            return (checks, None);
        }
    };
    let mut checks = vec![connection];
    let pooler = pooler(&store, database, &place, timeouts, now).await;
    checks.push(pooler.unwrap_or_else(|error| failed("database.pooler", error)));
    let seen = checks.last().is_some_and(|pooler| pooler.message.starts_with("a pooler"));
    match store.way().await {
        Ok(None) => {}
        Ok(Some(way)) => checks.extend([
            surroundings::transport(way, &place.host, place.checks_server, seen),
            surroundings::proxy(way, place.port),
            surroundings::role(way),
        ]),
        Err(error) => checks.push(failed("database.transport", error)),
    }
    let before = clock::host_time();
    checks.push(match store.now().await {
        Ok(now) => judge::clock(now, before.into(), clock::host_time().into()),
        Err(error) => failed("database.clock", error),
    });
    checks.push(match store.check_prerequisites().await {
        Ok(()) => Check::ok("database.access", "this role can read and write every row that the jobs need"),
        Err(error) => failed("database.access", error),
    });
    let schema = schema(&store, false).await;
    let ready = schema.mark == Mark::Ok;
    checks.push(schema);
    checks.push(match store.server().await {
        Ok(server) => server.map_or_else(
            || Check::skipped("database.pgvector", "the server did not say"),
            |it| judge::vectors(it.vector_installed, it.vector_available, it.embedding.as_deref()),
        ),
        Err(error) => failed("database.pgvector", error),
    });
    checks.push(if ready {
        other_runner(&store).await.unwrap_or_else(|error| failed("database.other_runner", error))
    } else {
        Check::skipped("database.other_runner", "the schema is not ready")
    });
    if ready {
        return (checks, Some(store));
    }
    store.close().await;
    (checks, None)
}

/// Whether the application's own endpoints still do the same work as our jobs.
async fn other_runner(store: &Store) -> Result<Check, StoreError> {
    let (runs, schedules) = (store.foreign_runs().await?, store.foreign_schedules().await?);
    Ok(judge::other_runner(&runs, &schedules))
}

/// Opens two connections, to be compared, in the mode that works through any pooler.
async fn connect(
    database: &Database,
    timeouts: Timeouts,
    now: Option<DateTime<Utc>>,
) -> Result<(Store, Place, Check), StoreError> {
    let place = place(database)?.ok_or_else(|| StoreError::configuration("it is not a PostgreSQL URL"))?;
    let mut careful = database.clone();
    if let Database::Postgres(url) = &mut careful {
        url.pooled = Some(true);
    }
    let store = Store::connect(&careful, timeouts, 2, now).await?;
    let server = store.server().await?;
    let server = server.ok_or_else(|| StoreError::other("the server does not report its version"))?;
    let check = judge::server(server.version, &server.named, &format!("{}:{}", place.host, place.port));
    Ok((store, place, check))
}

async fn pooler(
    store: &Store,
    database: &Database,
    place: &Place,
    timeouts: Timeouts,
    now: Option<DateTime<Utc>>,
) -> Result<Check, StoreError> {
    let declared = match database {
        Database::Postgres(url) => url.pooled,
        Database::Sqlite(_) => None,
    };
    let shared = store.shares_processes().await?;
    let pooling = Pooling { host: &place.host, port: place.port, declared, shared };
    if !shared && !pooling.is_taken_for_one() {
        // Connects as the jobs do. PgBouncer refuses that even in session mode.
        Store::look(database, timeouts, now).await?.close().await;
    }
    Ok(judge::pooler(pooling))
}
