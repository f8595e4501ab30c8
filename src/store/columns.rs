//! Every column that our statements use, with its type and default ([`list`]). `migrate` adds those that an application's table lacks;
//! `doctor` and the start of a job compare the list with the database.

use std::fmt::Write as _;

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::read::row;
use super::session::{Tx, execute, fetch_all, fetch_one};
use super::sql::MISSING_COLUMNS;
use super::sql::postgres::NEW_VECTOR_TYPE;
use super::{Result, StoreError};

mod list;

use list::{Column, Fill, Kind, TABLES};

row! {
    /// A column that the database does not have.
    #[derive(Clone, Debug)]
    pub(super) struct Missing {
        table: String,
        name: String,
        /// Whether the whole table is missing.
        no_table: bool,
    }
}

impl Missing {
    /// Its name for a message.
    pub(super) fn full_name(&self) -> String {
        if self.no_table { format!("the table {}", self.table) } else { format!("{}.{}", self.table, self.name) }
    }

    fn column(&self) -> Option<&'static Column> {
        TABLES.iter().find(|it| it.name == self.table)?.columns.iter().find(|it| it.0 == self.name)
    }

    /// Whether `migrate` can't add it. `migrating` says whether migrations are pending, which can create whole tables.
    pub(super) fn is_lost(&self, migrating: bool) -> bool {
        !(self.can_be_added() || self.no_table && migrating)
    }

    /// Whether it can be added as a column: not if the whole table is missing, which only a migration creates, and never a key.
    pub(super) fn can_be_added(&self) -> bool {
        !self.no_table && self.column().is_some_and(|&(_, kind, _)| kind != Kind::Key)
    }
}

/// The missing columns, in the order of the list.
pub(super) async fn missing(tx: &mut Tx) -> Result<Vec<Missing>> {
    let all = TABLES.iter().flat_map(|table| table.columns.iter().map(|(name, ..)| [table.name, *name]));
    let all = json!(all.collect::<Vec<_>>()).to_string();
    Ok(fetch_all!(tx, Missing, MISSING_COLUMNS, all))
}

/// Fails if a column is missing, with the command that adds it, if there is one.
///
/// # Errors
/// [`super::Class::Schema`], which names every missing column.
pub(super) fn require(missing: &[Missing]) -> Result<()> {
    let names = |addable: bool| -> Vec<String> {
        let mut names: Vec<_> =
            missing.iter().filter(|it| it.can_be_added() == addable).map(Missing::full_name).collect();
        names.dedup();
        names
    };
    let (addable, lost) = (names(true), names(false));
    if !lost.is_empty() {
        return Err(StoreError::schema(format!(
            "the database is without {}, and nikita-jobs can't recreate their content. Restore them, or make sure that \
             DATABASE_URL names the game's database",
            lost.join(", ")
        )));
    }
    if addable.is_empty() {
        return Ok(());
    }
    Err(StoreError::schema(format!(
        "the database is without {}. Run `nikita-jobs migrate` (`nikita-jobs migrate --plan` shows what it would do)",
        addable.join(", ")
    )))
}

/// The statements that add columns, one per table. The only place that builds SQL (spec 09, "Adoption").
pub(super) async fn additions(tx: &mut Tx, missing: &[Missing]) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    for table in &TABLES {
        let columns: Vec<_> = missing
            .iter()
            .filter(|it| it.table == table.name && it.can_be_added())
            .filter_map(Missing::column)
            .collect();
        match tx {
            Tx::Pg(_) if columns.is_empty() => {}
            Tx::Pg(_) => {
                let mut sql = format!("alter table {}", table.name);
                for (place, column) in columns.into_iter().enumerate() {
                    let comma = if place == 0 { "" } else { "," };
                    let kind = if column.1 == Kind::Vector { vector(tx).await? } else { postgres(column.1).to_owned() };
                    let default = default(column.2, "now()", "now()");
                    // Writing to a string can't fail.
                    let _ = write!(sql, "{comma} add column if not exists {} {kind}{default}", column.0);
                }
                statements.push(sql);
            }
            // SQLite adds one column per statement.
            Tx::Sqlite(_) => statements.extend(columns.into_iter().map(|(name, kind, value)| {
                let default = default(*value, "", "'1970-01-01T00:00:00.000000Z'");
                let check = if *kind == Kind::Time { time_check(name) } else { String::new() };
                format!("alter table {} add column {name} {}{default}{check}", table.name, sqlite(*kind))
            })),
        }
    }
    Ok(statements)
}

/// Runs the statements of [`additions`].
pub(super) async fn add(tx: &mut Tx, statements: &[String]) -> Result<()> {
    for statement in statements {
        execute!(&mut *tx, AssertSqlSafe(statement.clone()));
    }
    Ok(())
}

fn default(value: Fill, now: &str, now_or_1970: &str) -> String {
    let text = match value {
        Fill::Null => "",
        Fill::Is(literal) => literal,
        Fill::Now => now,
        Fill::NowOr1970 => now_or_1970,
    };
    if text.is_empty() { String::new() } else { format!(" default {text}") }
}

/// Text of another width would silently sort in the wrong order.
fn time_check(name: &str) -> String {
    format!(" check ({name} glob '????-??-??T??:??:??.??????Z')")
}

/// The type of a vector: pgvector's, qualified with its schema, or a plain array.
async fn vector(tx: &mut Tx) -> Result<String> {
    let (kind,): (String,) = fetch_one!(tx, _, NEW_VECTOR_TYPE);
    Ok(kind)
}

const fn postgres(kind: Kind) -> &'static str {
    match kind {
        Kind::Key | Kind::Id => "uuid",
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Bigint => "bigint",
        Kind::Number => "numeric",
        Kind::Real => "real",
        Kind::Bool => "boolean",
        Kind::Time => "timestamptz",
        Kind::Date => "date",
        Kind::Json => "jsonb",
        Kind::Vector => "real[]",
    }
}

const fn sqlite(kind: Kind) -> &'static str {
    match kind {
        Kind::Key | Kind::Id | Kind::Text | Kind::Time | Kind::Date | Kind::Json => "text",
        Kind::Integer | Kind::Bigint | Kind::Bool => "integer",
        Kind::Number | Kind::Real => "real",
        Kind::Vector => "blob",
    }
}
