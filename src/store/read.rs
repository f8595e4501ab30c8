//! Reading rows that other programs wrote. An unreadable value is an [`Oddity`] of that value; it never fails the statement that reads many
//! rows (spec 02, "One odd row is one odd item").

#![allow(dead_code, reason = "the statements that read what others wrote come to it one by one")]

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::sqlite::{SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Postgres, Sqlite, Type, ValueRef};

/// Why a value can't be read; never the value itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oddity {
    /// NULL where a value is needed.
    Null,
    /// Infinite, not a number, out of range, or of another type.
    Unreadable,
}

impl Oddity {
    /// For a sentence.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A column's value or why it can't be read. Decoding it never fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read<T>(pub(crate) Result<T, Oddity>);

impl<T> Read<T> {
    fn of(is_null: bool, decode: impl FnOnce() -> Result<T, BoxDynError>) -> Self {
        // Checked first, because SQLite decodes a null as an empty text or as zero.
        if is_null {
            return Self(Err(Oddity::Null));
        }
        // A driver's panic makes only this value unreadable.
        Self(catch_unwind(AssertUnwindSafe(decode)).ok().and_then(Result::ok).ok_or(Oddity::Unreadable))
    }

    /// The value, if it can be read.
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

/// A value that a statement returns as text, because another program decides the column's type, or because it is in a JSON list.
pub(crate) trait FromText: Sized {
    /// None if the text is not a valid value.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! from_str {
    ($($kind:ty),*) => {$(
        impl FromText for $kind {
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}
from_str!(String, i32, i64, f64, bool);

/// From a JSON list of rows, whose values are text or null. No value makes the list unreadable.
impl<'de, T: FromText> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(Any(std::marker::PhantomData))
    }
}

struct Any<T>(std::marker::PhantomData<T>);

impl<'de, T: FromText> Visitor<'de> for Any<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Read<T>, E> {
        Ok(Read(T::from_text(text).ok_or(Oddity::Unreadable)))
    }
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Read<T>, E> {
        self.visit_str(if value { "true" } else { "false" })
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Read<T>, E> {
        self.visit_str(&value.to_string())
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Read<T>, E> {
        self.visit_str(&value.to_string())
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Read<T>, E> {
        self.visit_str(&value.to_string())
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<Read<T>, E> {
        Ok(Read(Err(Oddity::Null)))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Read<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Read(Err(Oddity::Unreadable)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Read<T>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Read(Err(Oddity::Unreadable)))
    }
}

/// The oddities in the rows of a statement, logged once per column with its name and the kind, never the value.
#[derive(Debug, Default)]
pub(crate) struct Oddities(BTreeSet<(&'static str, Oddity)>);

impl Oddities {
    /// A value without which the row is passed over. `column` is `table.column`.
    pub(crate) fn need<T>(&mut self, column: &'static str, read: Read<T>) -> Option<T> {
        read.0.map_err(|odd| self.0.insert((column, odd))).ok()
    }

    /// A value that can be missing.
    pub(crate) fn some<T>(&mut self, column: &'static str, read: Read<T>) -> Option<T> {
        match read.0 {
            Err(Oddity::Null) => None,
            other => self.need(column, Read(other)),
        }
    }

    /// A number that can be missing; one that is not finite counts as missing.
    pub(crate) fn number(&mut self, column: &'static str, read: Read<f64>) -> Option<f64> {
        let finite = |number: f64| if number.is_finite() { Ok(number) } else { Err(Oddity::Unreadable) };
        self.some(column, Read(read.0.and_then(finite)))
    }

    /// Logs the oddities.
    pub(crate) fn tell(self) {
        for (column, odd) in self.0 {
            tracing::warn!(
                column,
                oddity = odd.as_str(),
                "a value that another program wrote can't be read; a default replaces it, or its row is passed over"
            );
        }
    }
}

/// Defines a row as a struct of columns by name, for both databases. (sqlx's derive would build SQLite twice.)
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
