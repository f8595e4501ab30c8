//! The application beside us: its database, made in its own way, its roles, and how the jobs reach it.

use uuid::Uuid;

use super::bin::{Bin, Done, command};
use super::db::Db;
use super::seed::NOW;

/// Its roles on a test cluster: one owns its tables, one serves it and sees past row-level security, one is a guest.
pub const OWNER: &str = "nikita_app_owner";
pub const SERVICE: &str = "nikita_app_service";
pub const GUEST: &str = "nikita_app_guest";

const ODD: &str = include_str!("../adoption/app.sql");
const ODD_ROWS: &str = include_str!("../adoption/rows.sql");
const BASELINE: &str = include_str!("../beside/baseline.sql");
const LATER: &str = include_str!("../beside/later.sql");
const ROWS: &str = include_str!("../beside/rows.sql");

/// Which application it is.
#[derive(Clone, Copy, PartialEq)]
pub enum Schema {
    /// One of our making, with all that is odd.
    Odd,
    /// The game's, as its baseline was published.
    Baseline,
    /// The game's, with all its later migrations.
    Current,
}

/// Where it is.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// Plain PostgreSQL, where its vectors are arrays.
    Plain,
    /// With pgvector in a schema of its own.
    Pgvector,
    /// Plain, and the jobs reach it through a pooler in transaction mode, which knows one user alone.
    Pooled,
}

/// An application's database, not yet adopted, with its rows.
pub struct App {
    pub db: Db,
    /// The URL of who may change its tables.
    pub owner: String,
    /// The URL of who may read and write its rows.
    pub service: String,
    schema: Schema,
    /// A vector as SQL.
    embedding: String,
}

impl App {
    pub fn new(schema: Schema, place: Place) -> Self {
        let mut db = if place == Place::Pgvector { Db::pgvector_empty() } else { Db::postgres_empty() };
        for (role, options) in [(OWNER, "login bypassrls"), (SERVICE, "login bypassrls"), (GUEST, "nologin")] {
            // The roles are the cluster's, and tests run at the same time.
            db.execute(&format!(
                "do $$ begin create role {role} {options} password 'nikita-test-password'; \
                 exception when duplicate_object or unique_violation then null; end $$"
            ));
        }
        db.execute(&format!(
            "create schema extensions; grant usage on schema extensions to {OWNER}, {SERVICE}; \
             grant create, usage on schema public to {OWNER}"
        ));
        if place == Place::Pgvector {
            db.execute("create extension vector with schema extensions");
        }
        let vector = if place == Place::Pgvector { "extensions.vector(1536)" } else { "real[]" };
        let sql = [("{vector}", vector), ("{owner}", OWNER), ("{service}", SERVICE), ("{guest}", GUEST)];
        let made =
            |sql_text: &str| sql.iter().fold(sql_text.to_owned(), |text, (name, value)| text.replace(name, value));
        match schema {
            Schema::Odd => db.execute(&made(ODD)),
            Schema::Baseline | Schema::Current => {
                let later = if schema == Schema::Current { LATER } else { "" };
                db.execute(&made(&format!("set role {OWNER};\n{BASELINE}\n{later}\nreset role;")));
                db.execute(&format!(
                    "grant select, insert, update, delete on all tables in schema public to {SERVICE}; \
                     alter default privileges for role {OWNER} in schema public grant all on tables to {SERVICE}"
                ));
            }
        }
        let direct = db.direct_url();
        let url = |role: &str| direct.replacen("postgres://nikita:", &format!("postgres://{role}:"), 1);
        let (owner, mut service) = (url(OWNER), url(SERVICE));
        if place == Place::Pooled {
            db.through_pooler();
            service.clone_from(&db.url);
        }
        let embedding = format!("array_fill(0.01::real, array[1536])::{vector}");
        let app = Self { db, owner, service, schema, embedding };
        app.insert_rows("0000");
        app
    }

    /// The application writes its rows, with the columns that it knows. `variant` makes their ids.
    pub fn insert_rows(&self, variant: &str) {
        let rows = if self.schema == Schema::Odd { ODD_ROWS } else { ROWS };
        let now = format!("timestamptz '{NOW}'");
        let rows = rows.replace("{now}", &now).replace("{embedding}", &self.embedding);
        self.db.execute(&rows.replace("-0000-4000-8000-", &format!("-{variant}-4000-8000-")));
    }

    pub fn migrate(&self, args: &[&str]) -> Done {
        command(&["migrate"]).args(args).env("DATABASE_URL", &self.owner).done()
    }

    /// A job as the service's role.
    pub fn job(&self, args: &[&str]) -> Bin {
        command(args).args(&["--force", "--now", NOW]).env("DATABASE_URL", &self.service)
    }

    /// Anything else as the service's role.
    pub fn run(&self, args: &[&str]) -> Done {
        command(args).env("DATABASE_URL", &self.service).done()
    }

    /// The application's tables with the columns that it has given them.
    pub fn columns(&self) -> Vec<Vec<String>> {
        self.db.rows(
            "select table_name, string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns \
             where table_schema = 'public' group by table_name order by table_name",
        )
    }

    /// Every value of every row in those columns.
    pub fn values(&self, columns: &[Vec<String>]) -> Vec<(String, String)> {
        let values = |table: &String, columns: &String| {
            let sum = format!(
                "select count(*) || ' ' || md5(coalesce(string_agg(it, '|' order by it), '')) from (select row({columns})::text as it from {table}) every"
            );
            (table.clone(), self.db.value(&sum))
        };
        columns.iter().map(|it| values(&it[0], &it[1])).collect()
    }

    pub fn text(&self, sql: &str) -> String {
        self.db.value(sql)
    }
}

/// One of the ids in the rows: player 1 is `player(1)`.
pub fn player(number: u128) -> Uuid {
    Uuid::from_u128(0x4000_8000_0000_0000_0000 + number)
}
