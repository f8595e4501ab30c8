//! The encoding of values in the two databases, in one place. The head of the SQLite migrations states the rules.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef};
use sqlx::{Decode, Encode, Postgres, Sqlite, Type, ValueRef};
use uuid::Uuid;

use super::lenient_json;
use super::read::FromText;
use crate::domain::ids::{AuditId, ConversationId, ExecutionId, Token, UserId};
use crate::domain::points::Points;

/// Implements a wrapper's two encodings: its type in each database, and the conversions.
macro_rules! column {
    ($name:ident, pg: $pg:ty, sqlite: $lite:ty) => {
        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <$pg as Type<Postgres>>::type_info()
            }
            fn compatible(ty: &PgTypeInfo) -> bool {
                Self::pg_compatible(ty)
            }
        }
        impl Type<Sqlite> for $name {
            fn type_info() -> SqliteTypeInfo {
                <$lite as Type<Sqlite>>::type_info()
            }
            fn compatible(_: &SqliteTypeInfo) -> bool {
                // SQLite values carry their own type; decoding reports a wrong one.
                true
            }
        }
        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                Encode::<Postgres>::encode_by_ref(&self.to_pg(), buffer)
            }
        }
        impl Encode<'_, Sqlite> for $name {
            fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
                Encode::<Sqlite>::encode_by_ref(&self.to_sqlite(), buffer)
            }
        }
        impl<'r> Decode<'r, Postgres> for $name {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                Self::from_pg(value)
            }
        }
        impl<'r> Decode<'r, Sqlite> for $name {
            fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
                Self::from_sqlite(value)
            }
        }
    };
}

/// A UUID: `uuid`, or lower-case hyphenated text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct DbId(pub Uuid);
column!(DbId, pg: Uuid, sqlite: String);

impl DbId {
    fn pg_compatible(ty: &PgTypeInfo) -> bool {
        <Uuid as Type<Postgres>>::compatible(ty)
    }
    fn to_pg(self) -> Uuid {
        self.0
    }
    fn to_sqlite(self) -> String {
        self.0.hyphenated().to_string()
    }
    fn from_pg(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(<Uuid as Decode<Postgres>>::decode(value)?))
    }
    fn from_sqlite(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<Sqlite>>::decode(value)?;
        // A statement could not find another spelling of the same id (upper case, no hyphens) again.
        Self::from_text(text)
            .filter(|id| id.to_sqlite() == text)
            .ok_or_else(|| "not a lower-case UUID with hyphens".into())
    }
}

macro_rules! from_id {
    ($($id:ident),*) => {$(
        impl From<$id> for DbId {
            fn from(id: $id) -> Self {
                Self(id.0)
            }
        }
    )*};
}
from_id!(UserId, ConversationId, ExecutionId, AuditId, Token);

/// An instant: `timestamptz`, or fixed-width RFC 3339 text in UTC with microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DbTime(pub DateTime<Utc>);
column!(DbTime, pg: DateTime<Utc>, sqlite: String);

impl DbTime {
    /// Also `timestamp`, which an application can use: UTC by agreement.
    fn pg_compatible(ty: &PgTypeInfo) -> bool {
        <DateTime<Utc> as Type<Postgres>>::compatible(ty) || <NaiveDateTime as Type<Postgres>>::compatible(ty)
    }
    fn to_pg(self) -> DateTime<Utc> {
        self.0
    }
    pub(crate) fn to_sqlite(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
    fn from_pg(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.format() == PgValueFormat::Text {
            return Ok(Self::parse(<&str as Decode<Postgres>>::decode(value)?)?);
        }
        // sqlx would add this to its epoch and panic if the sum is out of range.
        let at = match <i64 as Decode<Postgres>>::decode(value)? {
            i64::MAX => return Err("infinity".into()),
            i64::MIN => return Err("-infinity".into()),
            micros => POSTGRES_EPOCH.checked_add(micros).and_then(DateTime::from_timestamp_micros),
        };
        Ok(Self(at.filter(is_writable).ok_or("a time too far away")?))
    }
    fn from_sqlite(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self::parse(<&str as Decode<Sqlite>>::decode(value)?)?)
    }
    fn parse(text: &str) -> Result<Self, String> {
        let instant = DateTime::parse_from_rfc3339(text)
            // PostgreSQL's own format, whose offset has only hours.
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
            .map(|at| at.to_utc())
            // Without a zone: as `datetime('now')` writes it, or Python's `isoformat()`.
            .or_else(|_| {
                let naive = text.replace('T', " ");
                NaiveDateTime::parse_from_str(&naive, "%Y-%m-%d %H:%M:%S%.f").map(|at| at.and_utc())
            })
            .map_err(|_| "not a timestamp such as 2026-11-22T10:00:00.000000Z".to_owned())?;
        if is_writable(&instant) { Ok(Self(instant)) } else { Err("a time too far away".to_owned()) }
    }
}

/// Whether our fixed-width text can hold a time: its year has four digits. This also lets rules add days without overflowing the
/// calendar.
fn is_writable(at: &DateTime<Utc>) -> bool {
    (1..=9999).contains(&at.year())
}

impl<'de> Deserialize<'de> for DbTime {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(json)?).map_err(D::Error::custom)
    }
}

impl Serialize for DbTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_sqlite())
    }
}

impl FromText for DbId {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}
impl FromText for DbTime {
    fn from_text(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}
impl FromText for DbDate {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self).filter(|date: &Self| (1..=9999).contains(&date.0.year()))
    }
}
impl FromText for DbJson {
    fn from_text(text: &str) -> Option<Self> {
        lenient_json::parse(text).map(Self)
    }
}

/// PostgreSQL's epoch, 2000-01-01, in microseconds of Unix time.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// A date: `date`, or `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct DbDate(pub NaiveDate);
column!(DbDate, pg: NaiveDate, sqlite: String);

impl DbDate {
    fn pg_compatible(ty: &PgTypeInfo) -> bool {
        <NaiveDate as Type<Postgres>>::compatible(ty)
    }
    fn to_pg(self) -> NaiveDate {
        self.0
    }
    fn to_sqlite(self) -> String {
        self.0.to_string()
    }
    fn from_pg(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let date = <NaiveDate as Decode<Postgres>>::decode(value)?;
        if (1..=9999).contains(&date.year()) { Ok(Self(date)) } else { Err("a date too far away".into()) }
    }
    fn from_sqlite(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(<&str as Decode<Sqlite>>::decode(value)?.parse()?))
    }
}

/// A score: `numeric` (or the application's `double precision`), or a number with two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DbPoints(pub Points);
column!(DbPoints, pg: Decimal, sqlite: f64);

impl DbPoints {
    fn pg_compatible(ty: &PgTypeInfo) -> bool {
        <Decimal as Type<Postgres>>::compatible(ty) || <f64 as Type<Postgres>>::compatible(ty)
    }
    fn to_pg(self) -> Decimal {
        Decimal::new(self.0.0, 2)
    }
    fn to_sqlite(self) -> f64 {
        self.0.as_f64()
    }
    fn from_pg(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let of_float = <f64 as Type<Postgres>>::compatible(&value.type_info());
        let score = if of_float {
            Decimal::try_from(<f64 as Decode<Postgres>>::decode(value)?)?
        } else {
            <Decimal as Decode<Postgres>>::decode(value)?
        };
        Ok(Self::of(score).ok_or("a number too large")?)
    }
    fn from_sqlite(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        let score = <f64 as Decode<Sqlite>>::decode(value)?;
        if score.abs() <= MOST_POINTS { Ok(Self(Points::from_f64(score))) } else { Err("a number too large".into()) }
    }
    fn of(score: Decimal) -> Option<Self> {
        let hundredths = i64::try_from(score.checked_mul(Decimal::ONE_HUNDRED)?.round()).ok()?;
        Some(Self(Points(hundredths))).filter(|it| it.0.as_f64().abs() <= MOST_POINTS)
    }
}

/// Far above every score, and low enough that sums do not overflow.
const MOST_POINTS: f64 = 1e12;

impl<'de> Deserialize<'de> for DbPoints {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(Self(Points::from_f64(f64::deserialize(json)?)))
    }
}

impl Serialize for DbPoints {
    /// As text, which converts to `numeric` exactly, unlike a float.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.to_pg())
    }
}

impl FromText for DbPoints {
    fn from_text(text: &str) -> Option<Self> {
        Self::of(text.parse().or_else(|_| Decimal::from_scientific(text)).ok()?)
    }
}

/// JSON: `jsonb` or `json`, or text. To write a borrowed value without a copy, use sqlx's `Json(&value)`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct DbJson(pub Value);
column!(DbJson, pg: Value, sqlite: String);

impl DbJson {
    fn pg_compatible(ty: &PgTypeInfo) -> bool {
        <Value as Type<Postgres>>::compatible(ty)
    }
    fn to_pg(&self) -> &Value {
        &self.0
    }
    fn to_sqlite(&self) -> String {
        self.0.to_string()
    }
    fn from_pg(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(<Value as Decode<Postgres>>::decode(value)?))
    }
    /// Text that is not JSON becomes a JSON string, which no reader takes for a list or an object: a bad row must not fail the statement
    /// that reads many.
    fn from_sqlite(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        let text = <&str as Decode<Sqlite>>::decode(value)?;
        Ok(Self(lenient_json::parse(text).unwrap_or_else(|| Value::String("not JSON".to_owned()))))
    }
}

/// A vector: `real[]`, or a blob of little-endian f32.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DbVector(pub Vec<f32>);
column!(DbVector, pg: Vec<f32>, sqlite: Vec<u8>);

impl DbVector {
    fn pg_compatible(ty: &PgTypeInfo) -> bool {
        <Vec<f32> as Type<Postgres>>::compatible(ty)
    }
    fn to_pg(&self) -> &[f32] {
        &self.0
    }
    fn to_sqlite(&self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }
    fn from_pg(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(<Vec<f32> as Decode<Postgres>>::decode(value)?))
    }
    fn from_sqlite(value: SqliteValueRef<'_>) -> Result<Self, BoxDynError> {
        let bytes = <&[u8] as Decode<Sqlite>>::decode(value)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(format!("a vector of {} bytes is not a row of 4-byte numbers", bytes.len()).into());
        }
        Ok(Self(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect()))
    }
}

/// Many ids as one parameter: `uuid[]` for `= any($n)`, or a JSON list for `in (select value from json_each($n))`.
#[derive(Clone, Debug)]
pub(crate) struct DbIds(pub Vec<Uuid>);

impl Type<Postgres> for DbIds {
    fn type_info() -> PgTypeInfo {
        <Vec<Uuid> as Type<Postgres>>::type_info()
    }
}
impl Type<Sqlite> for DbIds {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}
impl Encode<'_, Postgres> for DbIds {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <Vec<Uuid> as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
    }
}
impl Encode<'_, Sqlite> for DbIds {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        let list: Vec<String> = self.0.iter().map(|id| id.hyphenated().to_string()).collect();
        <String as Encode<Sqlite>>::encode(serde_json::to_string(&list)?, buffer)
    }
}
