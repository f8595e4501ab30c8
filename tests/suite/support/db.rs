//! A database of a test's own: an SQLite file in a temporary folder, or a fresh database on a cluster of `scripts/test`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{bin, template};

/// A migrated, empty database.
pub struct Db {
    /// What `DATABASE_URL` is to be.
    pub url: String,
    runtime: Runtime,
    kind: Kind,
}

enum Kind {
    Sqlite {
        _folder: Option<TempDir>,
    },
    Postgres {
        name: String,
        /// The server's URL, without a database.
        server: String,
        admin: PgConnectOptions,
        /// For the test's own statements, whatever the binary goes through.
        direct: PgConnectOptions,
        /// Kept open between them: a password login costs more than most statements.
        connection: Mutex<Option<PgConnection>>,
    },
}

/// What a new database on a server begins with.
#[derive(Clone, Copy)]
enum Origin<'a> {
    Nothing,
    /// What `migrate` makes.
    Migrated,
    /// All that is in this one.
    Copy(&'a str),
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Its files are copied: that takes half as long as what servers do by default since 15, which is to log each page.
fn copying(server: &PgConnection) -> &'static str {
    if server.server_version_num().is_some_and(|version| version >= 150_000) { "strategy file_copy" } else { "" }
}

fn setting(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run these tests with scripts/test, which starts the servers for them")
    })
}

impl Db {
    /// A new SQLite file, migrated.
    pub fn sqlite() -> Self {
        Self::copy_of(&template::sqlite())
    }

    fn copy_of(file: &Path) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let copy = folder.path().join("test.sqlite");
        std::fs::copy(file, &copy).expect("copied");
        Self {
            url: format!("sqlite:{}", copy.display()),
            runtime: runtime(),
            kind: Kind::Sqlite { _folder: Some(folder) },
        }
    }

    /// An SQLite file that is there already.
    pub fn at(file: &Path) -> Self {
        Self { url: format!("sqlite:{}", file.display()), runtime: runtime(), kind: Kind::Sqlite { _folder: None } }
    }

    /// Another database with all that is in this one.
    pub fn copy(&self) -> Self {
        match &self.kind {
            Kind::Sqlite { .. } => Self::copy_of(&self.file()),
            Kind::Postgres { name, connection, .. } => {
                // A database that somebody uses can't be copied.
                drop(connection.lock().expect("not poisoned").take());
                Self::made_on("NIKITA_TEST_POSTGRES", Origin::Copy(name))
            }
        }
    }

    /// A new database on the plain test cluster, migrated.
    pub fn postgres() -> Self {
        Self::made_on("NIKITA_TEST_POSTGRES", Origin::Migrated)
    }

    /// A new database on the plain test cluster, with nothing in it.
    pub fn postgres_empty() -> Self {
        Self::empty_on("NIKITA_TEST_POSTGRES")
    }

    /// A new database on the test cluster with pgvector, migrated.
    pub fn pgvector() -> Self {
        Self::made_on("NIKITA_TEST_PGVECTOR", Origin::Migrated)
    }

    /// A new database on the test cluster with pgvector, with nothing in it.
    pub fn pgvector_empty() -> Self {
        Self::empty_on("NIKITA_TEST_PGVECTOR")
    }

    /// A new database on the plain test cluster, migrated, which the binary reaches through a pooler in transaction mode.
    pub fn pooled() -> Self {
        let mut db = Self::postgres();
        db.through_pooler();
        db
    }

    /// From now on the binary goes through the pooler; the plain test cluster is behind it.
    pub fn through_pooler(&mut self) {
        let Kind::Postgres { name, .. } = &self.kind else { unreachable!("it is PostgreSQL") };
        self.url = setting("NIKITA_TEST_PGBOUNCER").replace("/postgres?", &format!("/{name}?"));
    }

    fn empty_on(variable: &str) -> Self {
        Self::made_on(variable, Origin::Nothing)
    }

    fn made_on(variable: &str, from: Origin<'_>) -> Self {
        let admin_url = setting(variable);
        let runtime = runtime();
        let name = format!("test_{}", Uuid::new_v4().simple());
        let admin =
            PgConnectOptions::from_str(&admin_url).expect("the variable holds a URL").disable_statement_logging();
        let (base, _) = admin_url.rsplit_once('/').expect("a URL with a database");
        runtime.block_on(async {
            let mut server = PgConnection::connect_with(&admin).await.expect("the test cluster answers");
            let template = match from {
                Origin::Nothing => "template1".to_owned(),
                Origin::Migrated => template::postgres(&mut server, base).await,
                Origin::Copy(name) => name.to_owned(),
            };
            let create = format!("create database {name} template {template} {}", copying(&server));
            server.execute(AssertSqlSafe(create)).await.expect("a new database");
        });
        let direct = admin.clone().database(&name);
        Self {
            url: format!("{base}/{name}"),
            runtime,
            kind: Kind::Postgres { name, server: base.to_owned(), admin, direct, connection: Mutex::default() },
        }
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Postgres { .. })
    }

    /// The URL that another program than the binary uses: without a pooler, and without what only the binary understands.
    pub fn direct_url(&self) -> String {
        match &self.kind {
            Kind::Sqlite { .. } => self.url.clone(),
            Kind::Postgres { name, server, .. } => format!("{server}/{name}"),
        }
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        PathBuf::from(self.url.strip_prefix("sqlite:").expect("an SQLite database"))
    }

    /// Runs the binary on this database.
    pub fn run(&self, args: &[&str]) -> bin::Done {
        bin::command(args).env("DATABASE_URL", &self.url).done()
    }

    /// The binary, ready to run on this database.
    pub fn command(&self, args: &[&str]) -> bin::Bin {
        bin::command(args).env("DATABASE_URL", &self.url)
    }

    /// Runs statements. SQL that both databases understand, with literals.
    pub fn execute(&self, sql: &str) {
        self.try_execute(sql).unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
    }

    /// Runs statements that may fail.
    pub fn try_execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        self.runtime.block_on(async {
            match &self.kind {
                Kind::Sqlite { .. } => {
                    let mut open = self.open_sqlite().await?;
                    open.execute(AssertSqlSafe(sql)).await?;
                    // Closed before the next one opens: some statements need the file for themselves.
                    open.close().await
                }
                Kind::Postgres { connection, .. } => {
                    let mut open = self.take(connection).await?;
                    // Where it fails, the connection may be broken, or in a transaction: it is not kept.
                    open.execute(AssertSqlSafe(sql)).await?;
                    *connection.lock().expect("not poisoned") = Some(open);
                    Ok(())
                }
            }
        })
    }

    /// Runs a statement on a connection and runtime of its own, for tests with threads.
    pub fn execute_elsewhere(&self, sql: &str) {
        runtime().block_on(async {
            let mut connection = self.open_postgres().await.expect("connects");
            connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
        });
    }

    /// All rows of a query, every value as text, nulls as `null`.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.try_rows(sql).unwrap_or_else(|error| panic!("{error}\nin: {sql}"))
    }

    /// The same of a database that may be away.
    pub fn try_rows(&self, sql: &str) -> Result<Vec<Vec<String>>, sqlx::Error> {
        self.runtime.block_on(async {
            match &self.kind {
                Kind::Sqlite { .. } => {
                    let rows = self.open_sqlite().await?.fetch_all(AssertSqlSafe(sql)).await?;
                    Ok::<_, sqlx::Error>(
                        rows.iter().map(|row| (0..row.len()).map(|i| sqlite_text(row, i)).collect()).collect(),
                    )
                }
                Kind::Postgres { connection, .. } => {
                    // The simple protocol gives every value as text.
                    let mut open = self.take(connection).await?;
                    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut open).await?;
                    *connection.lock().expect("not poisoned") = Some(open);
                    Ok(rows.iter().map(|row| (0..row.len()).map(|i| postgres_text(row, i)).collect()).collect())
                }
            }
        })
    }

    /// The one value of a query, as text.
    pub fn value(&self, sql: &str) -> String {
        let rows = self.rows(sql);
        assert!(rows.len() == 1 && rows[0].len() == 1, "not one value but {rows:?}\nof: {sql}");
        rows[0][0].clone()
    }

    /// The one value of a query, as a number.
    pub fn number(&self, sql: &str) -> f64 {
        let value = self.value(sql);
        value.parse().unwrap_or_else(|_| panic!("{value:?} is not a number\nof: {sql}"))
    }

    /// Keeps a transaction open in which `sql` was executed, until the answer is dropped.
    pub fn hold(&self, sql: &str) -> Held {
        let runtime = runtime();
        let connection = runtime.block_on(async {
            match &self.kind {
                Kind::Sqlite { .. } => {
                    let mut open = self.open_sqlite().await.expect("opens");
                    open.execute("begin immediate").await.expect("begins");
                    open.execute(AssertSqlSafe(sql)).await.expect("executes");
                    Open::Sqlite(open)
                }
                Kind::Postgres { .. } => {
                    let mut open = self.open_postgres().await.expect("connects");
                    open.execute("begin").await.expect("begins");
                    open.execute(AssertSqlSafe(sql)).await.expect("executes");
                    Open::Postgres(open)
                }
            }
        });
        Held { connection: Some(connection), runtime }
    }

    async fn open_sqlite(&self) -> Result<SqliteConnection, sqlx::Error> {
        SqliteConnectOptions::new()
            .filename(self.file())
            .foreign_keys(true)
            // A test outlives no power cut, and a sync a statement is what makes it slow.
            .synchronous(SqliteSynchronous::Off)
            .disable_statement_logging()
            .connect()
            .await
    }

    /// The connection that was kept, if it still lives, or a new one.
    async fn take(&self, kept: &Mutex<Option<PgConnection>>) -> Result<PgConnection, sqlx::Error> {
        let kept = kept.lock().expect("not poisoned").take();
        if let Some(mut open) = kept
            && open.ping().await.is_ok()
        {
            return Ok(open);
        }
        self.open_postgres().await
    }

    async fn open_postgres(&self) -> Result<PgConnection, sqlx::Error> {
        let Kind::Postgres { direct, .. } = &self.kind else { unreachable!("it is PostgreSQL") };
        direct.connect().await
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        match &self.kind {
            Kind::Sqlite { .. } => {}
            Kind::Postgres { name, admin, .. } => self.runtime.block_on(async {
                if let Ok(mut server) = PgConnection::connect_with(admin).await {
                    let _ = server.execute(AssertSqlSafe(format!("drop database {name} with (force)"))).await;
                }
            }),
        }
    }
}

/// A transaction that is open.
pub struct Held {
    connection: Option<Open>,
    runtime: Runtime,
}

enum Open {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Held {
    /// Commits it.
    pub fn commit(mut self) {
        self.runtime.block_on(async {
            match self.connection.take().expect("open") {
                Open::Sqlite(mut open) => open.execute("commit").await.map(drop).expect("commits"),
                Open::Postgres(mut open) => open.execute("commit").await.map(drop).expect("commits"),
            }
        });
    }
}

fn sqlite_text(row: &sqlx::sqlite::SqliteRow, index: usize) -> String {
    use sqlx::{TypeInfo, ValueRef};
    let value = row.try_get_raw(index).expect("a column");
    if value.is_null() {
        return "null".to_owned();
    }
    match value.type_info().name() {
        "INTEGER" => row.get_unchecked::<i64, _>(index).to_string(),
        "REAL" => row.get_unchecked::<f64, _>(index).to_string(),
        _ => row.get_unchecked::<String, _>(index),
    }
}

fn postgres_text(row: &sqlx::postgres::PgRow, index: usize) -> String {
    use sqlx::ValueRef;
    let value = row.try_get_raw(index).expect("a column");
    if value.is_null() { "null".to_owned() } else { value.as_str().expect("text").to_owned() }
}
