//! Every column that our statements use, with its type and default ([`list`]): what `migrate` adds where an application's table is
//! without it, and what `doctor` and the start of a job compare with the database.

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
    /// As a person would look for it.
    pub(super) fn full_name(&self) -> String {
        if self.no_table { format!("the table {}", self.table) } else { format!("{}.{}", self.table, self.name) }
    }

    fn column(&self) -> Option<&'static Column> {
        TABLES.iter().find(|it| it.name == self.table)?.columns.iter().find(|it| it.0 == self.name)
    }

    /// Whether nothing brings it back; `migrating` where migrations are pending, which make whole tables.
    pub(super) fn is_lost(&self, migrating: bool) -> bool {
        !(self.can_be_added() || self.no_table && migrating)
    }

    /// Whether `migrate` can add it: not where the table is missing, which a migration makes, and never a key.
    pub(super) fn can_be_added(&self) -> bool {
        !self.no_table && self.column().is_some_and(|&(_, kind, _)| kind != Kind::Key)
    }
}

/// What is missing, in the order of the list.
pub(super) async fn missing(tx: &mut Tx) -> Result<Vec<Missing>> {
    let all = TABLES.iter().flat_map(|table| table.columns.iter().map(|(name, ..)| [table.name, *name]));
    let all = json!(all.collect::<Vec<_>>()).to_string();
    Ok(fetch_all!(tx, Missing, MISSING_COLUMNS, all))
}

/// Says no where something is missing: with the command where it would help, and without where it would not.
///
/// # Errors
/// [`super::Class::Schema`], which names all that is missing.
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
            "the database is without {}, and nikita-jobs can't make up what they would hold. Restore them, or see that \
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

/// The statements that add what can be added, one a table. The one place that builds SQL (spec 09, "Adoption").
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
            // SQLite adds one at a time.
            Tx::Sqlite(_) => statements.extend(columns.into_iter().map(|(name, kind, value)| {
                let default = default(*value, "", "'1970-01-01T00:00:00.000000Z'");
                let check = if *kind == Kind::Time { time_check(name) } else { String::new() };
                format!("alter table {} add column {name} {}{default}{check}", table.name, sqlite(*kind))
            })),
        }
    }
    Ok(statements)
}

/// Adds them.
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

/// Text of another width would sort wrongly, and in silence.
fn time_check(name: &str) -> String {
    format!(" check ({name} glob '????-??-??T??:??:??.??????Z')")
}

/// The type of a vector: pgvector's, in whatever schema it lives, or a plain array.
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
