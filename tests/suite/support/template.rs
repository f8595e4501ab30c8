//! A migrated database to copy. To migrate each test's own would take longer than most tests do.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use tempfile::TempDir;
use uuid::Uuid;

use super::bin;

/// Tells builds of the binary apart: what another one migrated is not copied.
fn build() -> String {
    let about = bin::path().metadata().expect("the binary is there");
    let modified = about.modified().expect("a time").duration_since(UNIX_EPOCH).expect("after 1970");
    format!("migrated_{:x}_{:x}", modified.as_nanos(), about.len())
}

fn migrate(url: &str) {
    bin::command(&["migrate"]).env("DATABASE_URL", url).done().code(0);
}

/// An SQLite file, made by the first test that asks.
pub fn sqlite() -> PathBuf {
    let tests = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = tests.join(build()).with_extension("sqlite");
    if !template.exists() {
        let making = TempDir::new_in(tests).expect("a folder");
        let file = making.path().join("new.sqlite");
        migrate(&format!("sqlite:{}", file.display()));
        // Only a whole file gets the name. Whoever else makes one makes the same.
        std::fs::rename(&file, &template).expect("renamed");
    }
    template
}

/// The name of a database on a server, made by the first test that asks. `base` is the server's URL without a database.
pub async fn postgres(server: &mut PgConnection, base: &str) -> String {
    const LOCK: i64 = 7_700_001;
    let template = build();
    let exists = format!("select count(*) from pg_database where datname = '{template}'");
    server.execute(AssertSqlSafe(format!("select pg_advisory_lock({LOCK})"))).await.expect("locked");
    let found = server.fetch_one(AssertSqlSafe(exists)).await.expect("the catalogue");
    if found.get::<i64, _>(0) == 0 {
        let making = format!("making_{}", Uuid::new_v4().simple());
        server.execute(AssertSqlSafe(format!("create database {making}"))).await.expect("a new database");
        migrate(&format!("{base}/{making}"));
        let rename = format!("alter database {making} rename to {template}");
        server.execute(AssertSqlSafe(rename)).await.expect("renamed");
    }
    server.execute(AssertSqlSafe(format!("select pg_advisory_unlock({LOCK})"))).await.expect("unlocked");
    template
}
