//! Reading rows that others wrote. A value that cannot be read is an [`Oddity`] of that one value; it never fails the statement that
//! reads many rows (spec 02, "One odd row is one odd item").

#![allow(dead_code, reason = "the statements that read what others wrote come to it one by one")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Postgres, Sqlite, Type, ValueRef};

/// Why a value cannot be read: its kind, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// NULL where a value is needed.
    Null,
    /// No value of ours: infinite, not a number, out of range, of another shape.
    Unreadable,
}

/// A column as it was read. Decoding one never fails.
#[derive(Clone, Debug)]
pub(crate) struct Read<T>(pub(crate) Result<T, Oddity>);

impl<T> Read<T> {
    fn of(is_null: bool, decode: impl FnOnce() -> Result<T, BoxDynError>) -> Self {
        let oddity = if is_null { Oddity::Null } else { Oddity::Unreadable };
        // A panic in a driver is caught at the value.
        Self(catch_unwind(AssertUnwindSafe(decode)).ok().and_then(Result::ok).ok_or(oddity))
    }

    /// The value, where there is one.
    pub(crate) fn ok(self) -> Option<T> {
        self.0.ok()
    }
}

impl<T: Type<Postgres>> Type<Postgres> for Read<T> {
    fn type_info() -> PgTypeInfo {
        T::type_info()
    }
    fn compatible(_: &PgTypeInfo) -> bool {
        true
    }
}

impl<T: Type<Sqlite>> Type<Sqlite> for Read<T> {
    fn type_info() -> SqliteTypeInfo {
        T::type_info()
    }
    fn compatible(_: &SqliteTypeInfo) -> bool {
        true
    }
}

impl<'r, T: Decode<'r, Postgres> + Type<Postgres>> Decode<'r, Postgres> for Read<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let fits = T::compatible(&value.type_info());
        Ok(Self::of(value.is_null(), || if fits { T::decode(value) } else { Err("another type".into()) }))
    }
}

impl<'r, T: Decode<'r, Sqlite>> Decode<'r, Sqlite> for Read<T> {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::of(value.is_null(), || T::decode(value)))
    }
}

/// A row as a struct of columns, by their names, on both databases. (sqlx's derive would build SQLite twice.)
macro_rules! row {
    ($(#[$about:meta])* $seen:vis struct $name:ident { $($(#[$doc:meta])* $field_seen:vis $field:ident: $kind:ty),* $(,)? }) => {
        $(#[$about])*
        $seen struct $name { $($(#[$doc])* $field_seen $field: $kind),* }

        impl<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &'r sqlx::postgres::PgRow) -> sqlx::Result<Self> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?),* })
            }
        }
        impl<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &'r sqlx::sqlite::SqliteRow) -> sqlx::Result<Self> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?),* })
            }
        }
    };
}
pub(crate) use row;
